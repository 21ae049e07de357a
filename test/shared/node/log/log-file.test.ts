import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { LogFile, type LogFileOptions } from '../../../../shared/node/log/log-file.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { readEntries } from '../../../helpers/log-reader.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const MAX_BYTES = 65_536;

function setup(options: Partial<LogFileOptions> = {}): { path: string; file: LogFile; clock: FakeClock; wishes: number[] } {
  const path = join(tempDir(), 'logs', 'gateway.log');
  const clock = new FakeClock();
  const wishes: number[] = [];
  const file = new LogFile({ path, maxBytes: MAX_BYTES, role: 'worker', wantsRotation: () => wishes.push(clock.now()), clock, ...options });
  return { path, file, clock, wishes };
}

const line = (n: number, length = 100): string => JSON.stringify({ n, pad: 'x'.repeat(length) });
const numbers = (path: string): unknown[] =>
  readEntries(path)
    .map((entry) => entry['n'])
    .filter((n) => n !== undefined);

describe('files', () => {
  test('the file is made with mode 0600 in a directory with mode 0700, and a wider mode is repaired', () => {
    const { path, file } = setup();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    file.close();
    chmodSync(path, 0o644);
    new LogFile({ path, maxBytes: MAX_BYTES, role: 'worker', wantsRotation: () => undefined }).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('a line is in the file when the call returns, and the size includes what was there before', () => {
    const { path, file } = setup();
    file.write('{"a":1}');
    file.write('{"b":"ü"}\n');
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n{"b":"ü"}\n');
    const wantsRotation = vi.fn();
    const second = new LogFile({ path, maxBytes: 20, role: 'supervisor', wantsRotation });
    second.write('');
    expect(wantsRotation).toHaveBeenCalledOnce();
  });

  test.each([
    ['renamed', (path: string) => renameSync(path, `${path}.moved`)],
    ['deleted', (path: string) => rmSync(path)],
    ['deleted with its directory', (path: string) => rmSync(join(path, '..'), { recursive: true })],
  ])('a file that somebody else %s is noticed within a second, and a new one is made', (_what, change) => {
    const { path, file, clock } = setup();
    file.write(line(1));
    change(path);
    file.write(line(2));
    expect(existsSync(path)).toBe(false);
    clock.advance(1_000);
    file.write(line(3));
    expect(numbers(path)).toEqual([3]);
  });

  test('while the path cannot be opened the old file goes on, and lines without any file are counted', () => {
    const { path, file, clock } = setup();
    file.write(line(1));
    renameSync(path, `${path}.1`);
    mkdirSync(path);
    file.reopen();
    file.write(line(2));
    expect(numbers(`${path}.1`)).toEqual([1, 2]);

    const blocked = new LogFile({ path, maxBytes: MAX_BYTES, role: 'worker', wantsRotation: () => undefined, clock });
    blocked.write(line(3));
    blocked.write(line(4));
    rmSync(path, { recursive: true });
    clock.advance(1_000);
    blocked.write(line(5));
    expect(readEntries(path)).toMatchObject([
      { level: 'warn', role: 'worker', lostLines: 2, msg: expect.stringContaining('EISDIR') },
      { n: 5 },
    ]);
  });

  test('a line after the half line of a writer that died is not glued to it', () => {
    const { path, file } = setup();
    file.close();
    appendFileSync(path, '{"half":');
    const next = new LogFile({ path, maxBytes: MAX_BYTES, role: 'worker', wantsRotation: () => undefined });
    next.write('{"n":1}');
    next.write('{"n":2}');
    expect(readFileSync(path, 'utf8')).toBe('{"half":\n{"n":1}\n{"n":2}\n');
  });

  test('a device in the place of the file is written to and never rotated', () => {
    const directory = tempDir();
    symlinkSync('/dev/null', join(directory, 'gateway.log'));
    const wantsRotation = vi.fn();
    const file = new LogFile({ path: join(directory, 'gateway.log'), maxBytes: MAX_BYTES, role: 'worker', wantsRotation });
    for (let n = 0; n < 2_000; n += 1) file.write(line(n));
    expect(wantsRotation).not.toHaveBeenCalled();
  });
});

describe('size', () => {
  test('rotation is asked for once at the limit, and again only after five seconds', () => {
    const { path, file, clock, wishes } = setup();
    const fill = (): void => {
      for (let n = 0; n < 50; n += 1) file.write(line(n, 1_500));
    };
    fill();
    expect(wishes).toHaveLength(1);
    expect(statSync(path).size).toBeGreaterThanOrEqual(MAX_BYTES);
    clock.advance(4_999);
    file.write(line(1));
    expect(wishes).toHaveLength(1);
    clock.advance(1);
    file.write(line(1));
    expect(wishes).toHaveLength(2);
  });

  test('beyond one and a half times the limit lines are dropped, and said in one line in the next file', () => {
    const { path, file } = setup();
    for (let n = 0; n < 2_000; n += 1) file.write(line(n));
    expect(statSync(path).size).toBeLessThanOrEqual(MAX_BYTES * 1.5);
    const kept = readEntries(path).length;
    renameSync(path, `${path}.1`);
    file.reopen();
    file.write(line(2_000));
    const [report, ...rest] = readEntries(path);
    expect(report).toMatchObject({ level: 'warn', pid: process.pid, role: 'worker', lostLines: 2_000 - kept });
    expect(rest).toEqual([{ n: 2_000, pad: 'x'.repeat(100) }]);
  });

  test('what other writers add is counted, so that all of them together respect the hard limit', () => {
    const { path, file, wishes } = setup();
    const other = new LogFile({ path, maxBytes: MAX_BYTES, role: 'supervisor', wantsRotation: () => undefined });
    for (let n = 0; n < 2_000; n += 1) (n % 2 === 0 ? file : other).write(line(n));
    expect(statSync(path).size).toBeLessThanOrEqual(MAX_BYTES * 1.5 + MAX_BYTES / 8);
    expect(wishes).toHaveLength(1);
  });

  test('the limit is live', () => {
    const { file, wishes } = setup();
    file.setMaxBytes(200);
    file.write(line(1));
    file.write(line(2));
    expect(wishes).toHaveLength(1);
  });
});
