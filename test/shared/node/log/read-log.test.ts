import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rotateLogs } from '../../../../daemon/supervisor/logs/log-rotation.js';
import { generationPath } from '../../../../shared/node/log/log-generations.js';
import { readLog } from '../../../../shared/node/log/read-log.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const START_MS = Date.parse('2026-03-01T12:00:00.000Z');
const LEVELS = ['debug', 'info', 'warn', 'error'];

const entry = (n: number): string =>
  JSON.stringify({
    level: LEVELS[n % 4],
    time: new Date(START_MS + n * 1_000).toISOString(),
    pid: 1,
    role: 'worker',
    msg: `message ${n} "Ü"`,
  });
const entries = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => entry(from + index));
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** Entries 0–299: .2 holds the first hundred, .1 the second, the log the third. */
function setup(): string {
  const logPath = join(tempDir(), 'gateway.log');
  for (const [generation, from] of [
    [2, 0],
    [1, 100],
    [0, 200],
  ] as const) {
    writeFileSync(generationPath(logPath, generation), text(entries(from, from + 100)));
  }
  return logPath;
}

describe('the last lines', () => {
  test.each([0, 1, 50, 99, 100, 101, 250, 300, 1_000])('%i lines are that many, also across files', async (limit) => {
    const { lines } = await readLog(setup(), { limit });
    expect(lines).toEqual(entries(Math.max(0, 300 - limit), 300));
  });

  test('whatever the lines are and however the files are cut, they come out as they went in', async () => {
    const logPath = join(tempDir(), 'gateway.log');
    const line = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map((value) => `x${value.replaceAll(/[\r\n]/g, ' ')}`),
      fc.integer({ min: 60_000, max: 140_000 }).map((length) => 'ä'.repeat(length / 2)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(line, { maxLength: 12 }), { minLength: 1, maxLength: 4 }),
        fc.nat(30),
        fc.boolean(),
        async (files, limit, isUnfinished) => {
          for (const [index, lines] of files.entries()) {
            const content = text(lines);
            const isNewest = index === files.length - 1;
            writeFileSync(generationPath(logPath, files.length - 1 - index), isNewest && isUnfinished ? content.slice(0, -1) : content);
          }
          for (let generation = files.length; generation < 5; generation += 1) rmSync(generationPath(logPath, generation), { force: true });
          const all = files.flat();
          expect((await readLog(logPath, { limit })).lines).toEqual(limit === 0 ? [] : all.slice(-limit));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('an unfinished last line is left to the follower that starts behind the last complete one', async () => {
    const logPath = setup();
    const whole = await readLog(logPath, { limit: 2 });
    appendFileSync(logPath, '{"half":');
    const page = await readLog(logPath, { limit: 2, completeOnly: true });
    expect(page.lines).toEqual(entries(298, 300));
    expect(page.end).toEqual(whole.end);
    expect((await readLog(logPath, { limit: 2 })).lines).toEqual([entry(299), '{"half":']);
  });

  test('empty lines do not count, and a line of megabytes is shown by its start', async () => {
    const logPath = join(tempDir(), 'gateway.log');
    writeFileSync(logPath, `first\n\n\n${'x'.repeat(3_000_000)}\nlast\n\n`);
    const { lines } = await readLog(logPath, { limit: 3 });
    expect(lines).toEqual(['first', `${'x'.repeat(16_384)}… (line of 3000000 bytes)`, 'last']);
  });

  test('without a log there is nothing, and no place to follow from', async () => {
    expect(await readLog(join(tempDir(), 'none', 'gateway.log'), { limit: 5 })).toEqual({ lines: [], nextCursor: null, end: null });
  });

  test('while the log is being renamed the older files are read', async () => {
    const logPath = setup();
    rotateLogs({ logPath, files: 5 });
    expect((await readLog(logPath, { limit: 150 })).lines).toEqual(entries(150, 300));
  });
});

describe('filters', () => {
  const numbers = (lines: readonly string[]): number[] => lines.map((line) => Number(/message (\d+)/.exec(line)?.[1]));

  test('level means that level and above', async () => {
    expect(numbers((await readLog(setup(), { limit: 4, level: 'warn' })).lines)).toEqual([294, 295, 298, 299]);
  });

  test('since and until are inclusive', async () => {
    const page = await readLog(setup(), { limit: 100, sinceMs: START_MS + 95_000, untilMs: START_MS + 105_000 });
    expect(numbers(page.lines)).toEqual([95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105]);
    expect(page.nextCursor).toBeNull();
  });

  test('text is found in upper and lower case, with quotes and umlauts', async () => {
    expect(numbers((await readLog(setup(), { limit: 9, q: 'MESSAGE 123 "ü"' })).lines)).toEqual([123]);
  });

  test('a line of another kind has no time and no level, and is text all the same', async () => {
    const logPath = setup();
    appendFileSync(logPath, 'Segmentation fault\n[1,2]\nnull\n');
    expect((await readLog(logPath, { limit: 1, q: 'segmentation' })).lines).toEqual(['Segmentation fault']);
    expect(numbers((await readLog(logPath, { limit: 1, level: 'debug' })).lines)).toEqual([299]);
    expect(numbers((await readLog(logPath, { limit: 1, sinceMs: START_MS })).lines)).toEqual([299]);
  });

  test('lines of two writers that are out of order by a moment are found on both sides of the limit', async () => {
    const logPath = join(tempDir(), 'gateway.log');
    writeFileSync(logPath, text([entry(1), entry(10), entry(3), entry(11), entry(2), entry(12)]));
    expect(numbers((await readLog(logPath, { limit: 9, sinceMs: START_MS + 10_000 })).lines)).toEqual([10, 11, 12]);
  });
});

describe('pages', () => {
  async function readAllPages(
    logPath: string,
    options: { limit: number; level?: 'warn'; maxScanBytes?: number },
    between?: () => void,
  ): Promise<string[]> {
    const pages: string[][] = [];
    let cursor: string | null | undefined;
    do {
      const page = await readLog(logPath, { ...options, ...(typeof cursor === 'string' ? { cursor } : {}) });
      pages.unshift(page.lines);
      cursor = page.nextCursor;
      between?.();
    } while (cursor !== null && pages.length < 1_000);
    return pages.flat();
  }

  test.each([1, 7, 50, 100, 300, 301])('pages of %i lines give every line once', async (limit) => {
    expect(await readAllPages(setup(), { limit })).toEqual(entries(0, 300));
  });

  test('a cursor stays right while the log is written to and rotated', async () => {
    const logPath = setup();
    let n = 300;
    const lines = await readAllPages(logPath, { limit: 23 }, () => {
      appendFileSync(logPath, `${entry(n)}\n`);
      n += 1;
      if (n % 3 === 0) {
        rotateLogs({ logPath, files: 50 });
        appendFileSync(logPath, `${entry(n)}\n`);
        n += 1;
      }
    });
    expect(lines).toEqual(entries(0, 300));
  });

  test('a page that has looked at enough says where to go on, also without any match', async () => {
    const logPath = setup();
    const first = await readLog(logPath, { limit: 10, q: 'message 5 ', maxScanBytes: 2_000 });
    expect(first.lines).toEqual([]);
    expect(first.nextCursor).not.toBeNull();
    expect(await readAllPages(logPath, { limit: 10, level: 'warn', maxScanBytes: 500 })).toHaveLength(150);
  });

  test('a cursor into a file that has been deleted, or whose inode another file got, gives an empty page', async () => {
    const logPath = setup();
    const { nextCursor } = await readLog(logPath, { limit: 10 });
    writeFileSync(logPath, text(entries(1_000, 1_100)));
    expect(await readLog(logPath, { limit: 10, cursor: nextCursor ?? '' })).toMatchObject({ lines: [], nextCursor: null });
  });

  test.each(['', 'x', 'bnVsbA', Buffer.from('[1,"1:2",-5,0,"x"]').toString('base64url'), Buffer.from('{}').toString('base64url')])(
    "the cursor '%s' is refused",
    async (cursor) => {
      await expect(readLog(setup(), { limit: 1, cursor })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    },
  );
});

describe('something else in the place of a log file', () => {
  test.each([
    ['a pipe that nobody writes to', (path: string) => execFileSync('mkfifo', [path])],
    ['a link to itself', (path: string) => symlinkSync(path, path)],
    ['a link to nowhere', (path: string) => symlinkSync(`${path}.nowhere`, path)],
    ['a device without an end', (path: string) => symlinkSync('/dev/zero', path)],
    ['a directory', (path: string) => mkdirSync(path)],
  ])('%s is no log, and nobody waits for it', async (_name, make) => {
    const logPath = join(tempDir(), 'gateway.log');
    make(logPath);
    expect(await readLog(logPath, { limit: 10 })).toEqual({ lines: [], nextCursor: null, end: null });
    writeFileSync(generationPath(logPath, 1), text(entries(0, 2)));
    expect((await readLog(logPath, { limit: 10 })).lines).toEqual(entries(0, 2));
  });
});
