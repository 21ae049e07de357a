import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { rotateLogs } from '../../../../daemon/supervisor/logs/log-rotation.js';
import { createLineMatcher } from '../../../../shared/node/log/line-matcher.js';
import { createLogService } from '../../../../shared/node/log/log-service.js';
import { createRedactor } from '../../../../shared/node/secrets/redact.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const line = (n: number): string =>
  `${JSON.stringify({ level: n % 2 === 0 ? 'info' : 'error', time: new Date(n).toISOString(), requestId: `req_${n % 10}`, msg: `m${n}` })}\n`;

function setup(count: number) {
  const logPath = join(tempDir(), 'gateway.log');
  writeFileSync(logPath, Array.from({ length: count }, (_, n) => line(n)).join(''));
  return {
    logPath,
    logs: createLogService({ logPath, redactor: createRedactor(['old-secret-value']), loadPatterns: () => ({ createLineMatcher }) }),
  };
}

type Logs = ReturnType<typeof createLogService>;

async function pagesOf(logs: Logs, query: Parameters<Logs['query']>[0]): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await logs.query({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.entries.length).toBeLessThanOrEqual(query.limit ?? 100);
    all.unshift(...page.entries.map((entry) => entry['msg']));
    cursor = page.nextCursor;
  }
  return all;
}

describe('a regular expression', () => {
  test('finds the same lines as a look at each of them, page by page across rotated files', async () => {
    const { logPath, logs } = setup(1_700);
    rotateLogs({ logPath, files: 5 });
    appendFileSync(logPath, line(1_700) + line(1_701));
    const expected = Array.from({ length: 1_702 }, (_, n) => `m${n}`).filter((msg) => /^m1[05]\d+0?$|1701/.test(msg));
    for (const limit of [1, 7, 1_000]) expect(await pagesOf(logs, { regex: '^m1[05]\\d+0?$|1701', limit })).toEqual(expected);
  });

  test('gives the parts that match, freed of secrets, beside other limits', async () => {
    const { logPath, logs } = setup(20);
    appendFileSync(logPath, '{"level":"error","msg":"m1 old-secret-value"}\n');
    const page = await logs.query({ regex: 'm1.*', level: 'error' });
    expect(page.entries.map((entry) => entry['msg'])).toEqual(['m1', 'm11', 'm13', 'm15', 'm17', 'm19', 'm1 [redacted]']);
    expect(page.matches?.at(-1)).toEqual(['m1 [redacted]']);
  });

  test('is refused with the place of its fault, before anything is read', async () => {
    const { logs } = setup(1);
    const fault = { code: 'INVALID_REQUEST', message: expect.stringContaining('(character 3)') as string };
    await expect(logs.query({ regex: 'ab(' })).rejects.toMatchObject(fault);
    expect(() => logs.follow({ regex: 'ab(' }, AbortSignal.abort())).toThrow(/character 3/);
    expect(() => logs.download({ regex: 'ab(' })).toThrow(/character 3/);
  });

  test('is followed: what is written from now on, where it matches', async () => {
    const { logPath, logs } = setup(3);
    const { end } = await logs.query({});
    appendFileSync(logPath, line(3) + line(4) + line(13));
    const leaving = new AbortController();
    const seen: unknown[] = [];
    for await (const event of logs.follow({ from: end ?? '', regex: '3$' }, leaving.signal)) {
      if (event.type === 'lines') seen.push(...event.entries.map((entry, index) => [entry['msg'], event.matches?.[index]]));
      if (seen.length === 2) leaving.abort();
    }
    expect(seen).toEqual([
      ['m3', ['3']],
      ['m13', ['3']],
    ]);
  });
});

describe('many regular expressions at once', () => {
  test('are eight; more are refused, and whoever has ended makes room', async () => {
    const { logs } = setup(600);
    const answers = await Promise.allSettled(Array.from({ length: 30 }, () => logs.query({ regex: 'm599$' })));
    const refused = answers.filter((answer) => answer.status === 'rejected');
    expect(refused).toHaveLength(22);
    expect(refused[0]?.reason).toMatchObject({
      code: 'RATE_LIMITED',
      message: expect.stringContaining('8 callers already search') as string,
    });
    expect((await logs.query({ regex: 'm599$' })).entries).toHaveLength(1);
    expect((await logs.query({ search: 'm599' })).entries).toHaveLength(1);
  });

  test('use two seconds each: the page then ends with a cursor', async () => {
    const { logs } = setup(1_200);
    // Each look at the clock is 3 ms after the last one.
    let nowMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 3));
    const first = await logs.query({ regex: 'm3$' });
    expect(first.entries).toEqual([]);
    const pages = await pagesOf(logs, { regex: 'm3$' });
    expect(pages).toEqual(['m3']);
  });
});

test('a search has words, words that must not be there, and fields, and goes with a lowest level', async () => {
  const { logs } = setup(50);
  const found = async (search: string): Promise<unknown> => (await logs.query({ search })).entries.map((entry) => entry['msg']);
  expect(await found('requestId:req_7')).toEqual(['m7', 'm17', 'm27', 'm37', 'm47']);
  expect(await found('requestId:req_7 -m1')).toEqual(['m7', 'm27', 'm37', 'm47']);
  expect(await found('"nothing of it"')).toEqual([]);
  const { entries } = await logs.query({ level: 'error', search: 'm4' });
  expect(entries.map((entry) => entry['msg'])).toEqual(['m41', 'm43', 'm45', 'm47', 'm49']);
});

describe('the counts of the levels', () => {
  const none = { fatal: 0, error: 0, warn: 0, info: 0, debug: 0, trace: 0, other: 0 };

  test('are of every line of the range that matches, across rotated files; up to the end of a page if asked for', async () => {
    const { logPath, logs } = setup(20_000);
    rotateLogs({ logPath, files: 5 });
    appendFileSync(logPath, `${line(20_000)}{"level":"fatal","msg":"m"}\nSegmentation fault\n`);
    expect(await logs.count({})).toEqual({ counts: { ...none, fatal: 1, error: 10_000, info: 10_001, other: 1 }, complete: true });
    expect((await logs.count({ since: 10, until: 14 })).counts).toEqual({ ...none, error: 2, info: 3 });
    expect((await logs.count({ search: 'requestId:req_7 m10' })).counts).toEqual({ ...none, error: 111 });
    expect((await logs.count({ regex: '^m1?[34]$' })).counts).toEqual({ ...none, error: 2, info: 2 });
    const { end } = await logs.query({ limit: 1 });
    appendFileSync(logPath, line(1));
    rotateLogs({ logPath, files: 5 });
    appendFileSync(logPath, line(3));
    expect((await logs.count({ to: end ?? '' })).counts).toEqual({ ...none, fatal: 1, error: 10_000, info: 10_001, other: 1 });
    await expect(logs.count({ to: 'x' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });

  test('say that they are not complete where the log is too large, and count as a search', async () => {
    const { logs, logPath } = setup(0);
    const long = `{"level":"warn","time":"2026-01-01T00:00:00Z","msg":"${'x'.repeat(20_000)}"}\n`;
    for (let written = 0; written < 36; written += 1) appendFileSync(logPath, long.repeat(100));
    const { counts, complete } = await logs.count({});
    expect(complete).toBe(false);
    expect(counts.warn).toBeGreaterThan(3_000);
    expect(counts.warn).toBeLessThan(3_600);
    const answers = await Promise.allSettled(Array.from({ length: 9 }, () => logs.count({ since: Date.now() + 60_000 })));
    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 8 }, () => 'fulfilled'), 'rejected']);
  });
});

describe('a download', () => {
  const read = async (logs: Logs, choice: Parameters<Logs['download']>[0]): Promise<string> => {
    let all = '';
    for await (const part of logs.download(choice)) all += part;
    return all;
  };

  test('has every line of every file, oldest first, also while the log is rotated under it', async () => {
    const { logPath, logs } = setup(2_000);
    rotateLogs({ logPath, files: 5 });
    writeFileSync(logPath, `${line(2_000)}a line that is not complete`);
    let all = '';
    for await (const part of logs.download({})) {
      if (all === '') rotateLogs({ logPath, files: 5 });
      all += part;
    }
    const expected = Array.from({ length: 2_001 }, (_, n) => line(n)).join('');
    expect(all).toBe(`${expected}a line that is not complete\n`);
  });

  test('takes the filters of the view, and no secret along', async () => {
    const { logPath, logs } = setup(30);
    appendFileSync(logPath, '{"level":"warn","msg":"m8 old-secret-value"}\n');
    expect((await read(logs, { level: 'error', since: 11, regex: 'm1' })).match(/m\d+/g)).toEqual(['m11', 'm13', 'm15', 'm17', 'm19']);
    expect(await read(logs, { search: 'm8', level: 'warn' })).toBe('{"level":"warn","msg":"m8 [redacted]"}\n');
  });

  test('a fifth at a time is refused, and who leaves makes room', async () => {
    const { logs } = setup(1);
    const running = Array.from({ length: 4 }, () => (logs.download({}) as AsyncGenerator<string>)[Symbol.asyncIterator]());
    for (const one of running) await one.next();
    expect(() => logs.download({})).toThrow(/4 callers already download the log/);
    for (const one of running) await one.return?.(undefined);
    expect(await read(logs, {})).toBe(line(0));
  });
});
