import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { rotateLogs } from '../../../daemon/supervisor/logs/log-rotation.js';
import { type CommandRun, startCommand } from '../../helpers/command-line.js';
import { tempDir } from '../../helpers/temp-dir.js';

function makeHome(): { home: string; logPath: string } {
  const home = tempDir();
  const logPath = join(home, 'logs', 'gateway.log');
  mkdirSync(dirname(logPath));
  return { home, logPath };
}

function start(home: string, args: readonly string[], options: { isTTY?: boolean } = {}): CommandRun {
  const run = startCommand(['gateway', 'logs', ...args], { home, ...options });
  onTestFinished(async () => {
    run.interrupt();
    await run.exitCode;
  });
  return run;
}

const entry = (n: number, fields: object = {}): string =>
  JSON.stringify({
    level: 'info',
    time: new Date(Date.now() - 60_000 + n).toISOString(),
    pid: 1,
    role: 'worker',
    msg: `message ${n}`,
    ...fields,
  });
const text = (from: number, to: number): string => Array.from({ length: to - from }, (_, index) => `${entry(from + index)}\n`).join('');
const messages = (lines: readonly string[]): number[] => lines.map((line) => Number(/message (\d+)/.exec(line)?.[1]));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

describe('xopc gateway logs', () => {
  test.each([
    [[], 50],
    [['--lines', '120'], 120],
    [['-n', '1'], 1],
    [['--lines', '0'], 0],
    [['--lines', '9999'], 200],
  ])('%j shows exactly that many lines, across rotated files', async (args, count) => {
    const { home, logPath } = makeHome();
    writeFileSync(logPath, text(0, 100));
    rotateLogs({ logPath, files: 5 });
    writeFileSync(logPath, text(100, 200));
    const { out, err, exitCode } = start(home, args);
    expect(await exitCode).toBe(0);
    expect(messages(out.lines)).toEqual(range(200 - count, 200));
    expect(err.text).toBe('');
  });

  test('one entry is one line for a person, piped or not, and coloured only on a terminal', async () => {
    const { home, logPath } = makeHome();
    writeFileSync(logPath, `${entry(1, { msg: 'two\nlines \u001b[31m' })}\nnot JSON \u001b]0;title\u0007\n`);
    const piped = start(home, []);
    await piped.exitCode;
    expect(piped.out.lines).toEqual([expect.stringMatching(/ INFO {2}worker {5}two\\nlines \\x1b\[31m$/), 'not JSON \\x1b]0;title\\x07']);
    const onTerminal = start(home, [], { isTTY: true });
    await onTerminal.exitCode;
    expect(onTerminal.out.lines).toHaveLength(2);
    expect(onTerminal.out.text).toContain('\u001b[32mINFO');
  });

  test('with --json every line is a document, also where the log holds other text', async () => {
    const { home, logPath } = makeHome();
    writeFileSync(logPath, `${entry(1, { msg: 'a\u009bb\u202e' })}\nnot JSON\n`);
    const { out, exitCode } = start(home, ['--json']);
    expect(await exitCode).toBe(0);
    // eslint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(out.text).not.toMatch(/[\u007f-\u009f\u202e]/);
    expect(out.lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ msg: 'a\u009bb\u202e' }, { msg: 'not JSON', raw: true }]);
  });

  test('--level and --since select, and --since alone shows all of that time', async () => {
    const { home, logPath } = makeHome();
    const old = entry(0, { time: new Date(Date.now() - 7_200_000).toISOString() });
    writeFileSync(logPath, `${old}\n${text(1, 80)}${entry(80, { level: 'error' })}\n`);
    const since = start(home, ['--since', '1h']);
    await since.exitCode;
    expect(messages(since.out.lines)).toEqual(range(1, 81));
    const errors = start(home, ['--since', '1h', '--level', 'warn']);
    await errors.exitCode;
    expect(messages(errors.out.lines)).toEqual([80]);
  });

  test('--until, --grep and --regex select, together with the others', async () => {
    const { home, logPath } = makeHome();
    const at = (n: number): string => new Date(Date.now() - 3_600_000 + n).toISOString();
    const lines = Array.from({ length: 100 }, (_, n) => entry(n, { time: at(n), runId: `run_${n % 10}` }));
    writeFileSync(logPath, `${lines.join('\n')}\n${text(100, 110)}`);
    const shown = async (...args: string[]): Promise<number[]> => {
      const run = start(home, args);
      expect([await run.exitCode, run.err.text]).toEqual([0, '']);
      return messages(run.out.lines);
    };
    expect(await shown('--grep', 'runId:run_7 -message 2')).toEqual([]);
    expect(await shown('--grep', 'runId:run_7 -"message 27"', '--lines', '3')).toEqual([77, 87, 97]);
    expect(await shown('--regex', 'message [89]\\d$')).toEqual(range(80, 100));
    expect(await shown('--until', '30m', '--lines', '5')).toEqual(range(95, 100));
    expect(await shown('--since', '30m', '--regex', '5$')).toEqual([105]);
  });

  test('--regex and --grep choose from what is written later, too', async () => {
    const { home, logPath } = makeHome();
    writeFileSync(logPath, text(0, 20));
    const run = start(home, ['--follow', '--regex', '[13]$', '--grep', 'message']);
    await expect.poll(() => messages(run.out.lines)).toEqual([1, 3, 11, 13]);
    appendFileSync(logPath, text(20, 24));
    await expect.poll(() => messages(run.out.lines)).toEqual([1, 3, 11, 13, 21, 23]);
  });

  test.each([
    [['--until', 'later'], '--until'],
    [['--follow', '--until', '1m'], '--until'],
    [['--regex', 'a(b'], 'character 2'],
    [['--lines', '-1'], '--lines'],
    [['--lines', 'many'], '--lines'],
    [['--level', 'loud'], '--level'],
    [['--since', 'yesterday'], '--since'],
    [['--sinc', '1h'], '--since'],
  ])('%j is wrong usage: exit 2, said on stderr', async (args, named) => {
    const { out, err, exitCode } = start(makeHome().home, args);
    expect(await exitCode).toBe(2);
    expect(err.text).toContain(named);
    expect(out.text).toBe('');
  });

  test('without a log it says so and what to type, on stderr, with exit 1', async () => {
    const { home, logPath } = makeHome();
    const { out, err, exitCode } = start(home, []);
    expect(await exitCode).toBe(1);
    expect(err.text).toContain(logPath);
    expect(err.text).toContain('xopc gateway');
    expect(out.text).toBe('');
  });

  test('with --json that is a document, and what is in the place of the log is named', async () => {
    const { home, logPath } = makeHome();
    mkdirSync(logPath);
    const { out, err, exitCode } = start(home, ['--json']);
    expect(await exitCode).toBe(1);
    expect(JSON.parse(out.text)).toEqual({
      error: {
        code: 'NOT_FOUND',
        message: `${logPath} is not a regular file, so nothing is logged`,
        hint: `Move it away: mv ${logPath} ${logPath}.away`,
      },
    });
    expect(err.text).toBe('');
  });
});

describe('--follow', () => {
  test('goes on behind the last lines over rotations, each line once, and ends with exit 0 on Ctrl-C', async () => {
    const { home, logPath } = makeHome();
    writeFileSync(logPath, text(0, 10));
    const run = start(home, ['-f', '-n', '5']);
    await run.out.until((shown) => shown.includes('message 9'));
    for (let round = 1; round <= 5; round += 1) {
      appendFileSync(logPath, text(round * 10, round * 10 + 5));
      rotateLogs({ logPath, files: 5 });
      appendFileSync(logPath, text(round * 10 + 5, round * 10 + 10));
    }
    await run.out.until((shown) => shown.includes('message 59'));
    run.interrupt();
    expect(await run.exitCode).toBe(0);
    expect(messages(run.out.lines)).toEqual(range(5, 60));
    expect(run.err.text).toBe('');
  });

  test('shows only the wanted level, and an unfinished line once it is whole', async () => {
    const { home, logPath } = makeHome();
    writeFileSync(logPath, entry(1, { level: 'error' }).slice(0, 20));
    const run = start(home, ['--follow', '--level', 'error', '--json']);
    appendFileSync(logPath, `${entry(1, { level: 'error' }).slice(20)}\n${text(2, 5)}${entry(5, { level: 'fatal' })}\n`);
    await run.out.until((shown) => shown.includes('message 5'));
    run.interrupt();
    expect(await run.exitCode).toBe(0);
    expect(messages(run.out.lines)).toEqual([1, 5]);
  });

  test('waits for a log that does not exist yet', async () => {
    const { home, logPath } = makeHome();
    const run = start(home, ['-f']);
    await run.err.until((shown) => shown.includes('waiting'));
    writeFileSync(logPath, text(1, 3));
    await run.out.until((shown) => shown.includes('message 2'));
    expect(messages(run.out.lines)).toEqual([1, 2]);
  });

  test('a reader that has gone ends it quietly', async () => {
    const { home, logPath } = makeHome();
    writeFileSync(logPath, text(0, 1));
    const run = start(home, ['-f']);
    await run.out.until((shown) => shown.includes('message 0'));
    run.out.failure = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const writing = setInterval(() => appendFileSync(logPath, text(1, 2)), 20);
    expect(await run.exitCode).toBe(0);
    clearInterval(writing);
    expect(run.err.text).toBe('');
  });
});
