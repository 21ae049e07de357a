import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rotateLogs } from '../../../../daemon/supervisor/logs/log-rotation.js';
import { createLineMatcher } from '../../../../shared/node/log/line-matcher.js';
import { createLogService } from '../../../../shared/node/log/log-service.js';
import { createRedactor } from '../../../../shared/node/secrets/redact.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const line = (n: number): string =>
  `${JSON.stringify({ level: n % 2 === 0 ? 'info' : 'error', time: new Date(n).toISOString(), msg: `m${n}` })}\n`;

function setup(count: number): { logPath: string; logs: ReturnType<typeof createLogService> } {
  const logPath = join(tempDir(), 'gateway.log');
  writeFileSync(logPath, Array.from({ length: count }, (_, n) => line(n)).join(''));
  return {
    logPath,
    logs: createLogService({ logPath, redactor: createRedactor(['old-secret-value']), loadPatterns: () => ({ createLineMatcher }) }),
  };
}

describe('the log service', () => {
  test('returns the newest hundred entries by default, newest last, and pages back through rotated files', async () => {
    const { logPath, logs } = setup(150);
    rotateLogs({ logPath, files: 5 });
    appendFileSync(logPath, line(150));
    const first = await logs.query({});
    expect(first.entries).toHaveLength(100);
    expect(first.entries.at(-1)).toMatchObject({ msg: 'm150' });
    const second = await logs.query({ cursor: first.nextCursor ?? '', limit: 1_000 });
    expect(second.entries.map((entry) => entry['msg'])).toEqual(Array.from({ length: 51 }, (_, n) => `m${n}`));
    expect(second.nextCursor).toBeNull();
  });

  test('filters by level, time and text', async () => {
    const { logs } = setup(50);
    const { entries } = await logs.query({ level: 'error', since: 10, until: 19, q: 'M1' });
    expect(entries.map((entry) => entry['msg'])).toEqual(['m11', 'm13', 'm15', 'm17', 'm19']);
  });

  test('a line that is not JSON becomes an entry with its text, and old secrets are redacted', async () => {
    const { logPath, logs } = setup(0);
    appendFileSync(logPath, 'Segmentation fault near old-secret-value\n');
    expect((await logs.query({})).entries).toEqual([{ msg: 'Segmentation fault near [redacted]', raw: true }]);
  });

  test('an invalid cursor is refused', async () => {
    await expect(setup(1).logs.query({ cursor: 'x' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });

  test('who follows from the end of a page gets every later entry once, filtered, across a rotation', async () => {
    const { logPath, logs } = setup(3);
    const { end } = await logs.query({});
    appendFileSync(logPath, line(3) + line(4));
    const leaving = new AbortController();
    const seen: unknown[] = [];
    for await (const event of logs.follow({ from: end ?? '', level: 'error' }, leaving.signal)) {
      if (event.type === 'lines') seen.push(...event.entries.map((entry) => entry['msg']));
      if (seen.length === 1) {
        rotateLogs({ logPath, files: 5 });
        appendFileSync(logPath, line(5) + line(6));
      }
      if (seen.length === 2) leaving.abort();
    }
    expect(seen).toEqual(['m3', 'm5']);
  });

  test('an invalid position is refused, and so is one follower too many until another one leaves', async () => {
    const { logs } = setup(1);
    expect(() => logs.follow({ from: 'x' }, AbortSignal.abort())).toThrow(/invalid from 'x'/);
    const followers = Array.from({ length: 32 }, () => {
      const leaving = new AbortController();
      return { leaving, next: (logs.follow({}, leaving.signal) as AsyncGenerator).next() };
    });
    expect(() => logs.follow({}, AbortSignal.abort())).toThrow(/32 callers already follow the log/);
    followers[0]?.leaving.abort();
    await followers[0]?.next;
    for await (const event of logs.follow({}, AbortSignal.abort())) expect(event).toBeUndefined();
    for (const { leaving } of followers) leaving.abort();
    await Promise.all(followers.map(({ next }) => next));
  });

  test('other work continues while a large log is searched without a match', async () => {
    const { logPath, logs } = setup(0);
    writeFileSync(logPath, Array.from({ length: 100_000 }, (_, n) => line(n)).join(''));
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 1);
    const { entries } = await logs.query({ q: 'not there' });
    clearInterval(counting);
    expect(entries).toEqual([]);
    expect(turns).toBeGreaterThan(5);
  });
});
