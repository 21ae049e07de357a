import { appendFileSync, readFileSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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

const systemError = (code: string): Error => Object.assign(new Error(`${code}: refused by the test`), { code });
const line = (n: number, length = 100): string => JSON.stringify({ n, pad: 'x'.repeat(length) });
const numbers = (path: string): unknown[] =>
  readEntries(path)
    .map((entry) => entry['n'])
    .filter((n) => n !== undefined);

describe('a disk that fails', () => {
  test.each(['ENOSPC', 'EIO', 'EDQUOT'])('%s is no error for the caller: lines are counted, and said once it works again', (code) => {
    let isFull = false;
    const { path, file } = setup({
      write(fd, data) {
        if (isFull) throw systemError(code);
        return writeSync(fd, data);
      },
    });
    file.write(line(1));
    isFull = true;
    for (let n = 2; n < 5; n += 1) file.write(line(n));
    isFull = false;
    file.write(line(5));
    file.write(line(6));
    expect(readEntries(path)).toMatchObject([{ n: 1 }, { lostLines: 3, msg: expect.stringContaining(code) }, { n: 5 }, { n: 6 }]);
  });

  test('a really full device is survived', () => {
    const directory = tempDir();
    const path = join(directory, 'gateway.log');
    symlinkSync('/dev/full', path);
    const clock = new FakeClock();
    const file = new LogFile({ path, maxBytes: MAX_BYTES, role: 'worker', wantsRotation: () => undefined, clock });
    for (let n = 0; n < 10; n += 1) file.write(line(n));
    rmSync(path);
    writeFileSync(path, '');
    clock.advance(1_000);
    file.write(line(10));
    expect(readEntries(path)).toMatchObject([{ lostLines: 10, msg: expect.stringContaining('ENOSPC') }, { n: 10 }]);
  });

  test.each([1, 7, 60])('a write that takes only %i bytes at a time leaves whole lines', (bytes) => {
    const { path, file } = setup({ write: (fd, data) => writeSync(fd, data.subarray(0, bytes)) });
    for (let n = 0; n < 5; n += 1) file.write(line(n));
    expect(numbers(path)).toEqual([0, 1, 2, 3, 4]);
  });

  function diskWith(space: { left: number }): (fd: number, data: Uint8Array) => number {
    return (fd, data) => {
      if (space.left === 0) throw systemError('ENOSPC');
      const written = writeSync(fd, data.subarray(0, space.left));
      space.left -= written;
      return written;
    };
  }

  test('a line that a full disk cut is completed when there is space, and those in between are counted', () => {
    const space = { left: 150 };
    const { path, file } = setup({ write: diskWith(space) });
    for (let n = 0; n < 4; n += 1) file.write(line(n));
    space.left = 30;
    file.write(line(4));
    space.left = Infinity;
    file.write(line(5));
    expect(readEntries(path)).toMatchObject([{ n: 0 }, { n: 1 }, { lostLines: 2 }, { n: 4 }, { n: 5 }]);
  });

  test('a cut line whose file another writer went on with is counted, and nothing is glued to it', () => {
    const space = { left: 150 };
    const { path, file } = setup({ write: diskWith(space) });
    file.write(line(0));
    file.write(line(1));
    const other = new LogFile({ path, maxBytes: MAX_BYTES, role: 'supervisor', wantsRotation: () => undefined });
    other.write('{"other":true}');
    space.left = Infinity;
    file.write(line(2));
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines.filter((text) => !text.endsWith('}'))).toEqual([lines[1]]);
    expect(JSON.parse(lines[3] ?? '')).toMatchObject({ lostLines: 1, msg: expect.stringContaining('cut by a full disk') });
  });

  test.each(['at once', 'more than a second later'])('a line that a killed process cut is not continued by one that lives, %s', (when) => {
    const { path, file, clock } = setup();
    file.write(line(0));
    appendFileSync(path, '{"of":"a killed wor');
    if (when !== 'at once') clock.advance(2_000);
    file.write(line(1));
    file.write(line(2));
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines).toEqual([line(0), '{"of":"a killed wor', line(1), line(2)]);
  });

  test('a slow disk may block a second at once, then a tenth of the time; the rest is dropped and counted', () => {
    const clock = new FakeClock();
    let isSlow = true;
    const { path, file } = setup({
      clock,
      write(fd, data) {
        if (isSlow) clock.jump(200);
        return writeSync(fd, data);
      },
    });
    for (let n = 0; n < 100; n += 1) file.write(line(n));
    const written = numbers(path).length;
    expect(written).toBeLessThan(10);
    isSlow = false;
    clock.advance(10_000);
    file.write(line(100));
    expect(readEntries(path).slice(written)).toMatchObject([
      { lostLines: 100 - written, msg: expect.stringContaining('too slow') },
      { n: 100 },
    ]);
  });

  test('a hundred thousand fast writes in a row are no slow disk', () => {
    const clock = new FakeClock();
    const { path, file } = setup({
      clock,
      maxBytes: 100_000_000,
      write(fd, data) {
        clock.jump(2);
        return writeSync(fd, data);
      },
    });
    for (let n = 0; n < 100_000; n += 1) file.write(`{"n":${n}}`);
    expect(numbers(path)).toHaveLength(100_000);
  });

  test('what was lost is said at the end at the latest', () => {
    const { path, file } = setup();
    for (let n = 0; n < 2_000; n += 1) file.write(line(n));
    const kept = numbers(path).length;
    file.close();
    expect(readEntries(path).at(-1)).toMatchObject({ lostLines: 2_000 - kept });
  });
});
