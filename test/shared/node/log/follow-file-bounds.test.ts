import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rotateLogs } from '../../../../daemon/supervisor/logs/log-rotation.js';
import { LogFollower } from '../../../../shared/node/log/follow-file.js';
import { readLog } from '../../../../shared/node/log/read-log.js';
import { Following } from '../../../helpers/log-reader.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const numbered = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => `line ${from + index}`);
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

function setup(): { path: string; append: (from: number, to: number) => void } {
  const path = join(tempDir(), 'gateway.log');
  return { path, append: (from, to) => appendFileSync(path, text(numbered(from, to))) };
}

describe('where following starts and ends', () => {
  test('a file that does not exist yet is waited for and read from its start', async () => {
    const { path, append } = setup();
    const follower = new LogFollower(path, 'end');
    expect(await follower.next()).toBeUndefined();
    append(0, 3);
    expect(await follower.next()).toEqual({ type: 'lines', lines: numbered(0, 3) });
    await follower.close();
  });

  test('a file that is made and rotated before the next look is read all the same, older generations are not', async () => {
    const { path, append } = setup();
    writeFileSync(`${path}.1`, 'old\n');
    const follower = new LogFollower(path, 'start');
    expect(await follower.next()).toBeUndefined();
    for (let round = 0; round < 3; round += 1) {
      append(round, round + 1);
      rotateLogs({ logPath: path, files: 9 });
    }
    append(3, 4);
    const lines: string[] = [];
    for (let event = await follower.next(); event !== undefined; event = await follower.next()) {
      if (event.type === 'lines') lines.push(...event.lines);
      else lines.push(event.type);
    }
    await follower.close();
    expect(lines).toEqual(numbered(0, 4));
  });

  test('from the end only what comes later is read', async () => {
    const { path, append } = setup();
    append(0, 3);
    const follower = new LogFollower(path, 'end');
    expect(await follower.next()).toBeUndefined();
    append(3, 5);
    let event = await follower.next();
    for (; event === undefined; event = await follower.next()) await follower.wait(new AbortController().signal);
    expect(event).toEqual({ type: 'lines', lines: numbered(3, 5) });
    await follower.close();
  });

  test('from a position it goes on in the file of that position, wherever that has been moved to', async () => {
    const { path, append } = setup();
    append(0, 3);
    const { lines, end } = await readLog(path, { limit: 2, completeOnly: true });
    expect(lines).toEqual(numbered(1, 3));
    append(3, 5);
    for (let round = 0; round < 3; round += 1) {
      rotateLogs({ logPath: path, files: 5 });
      append(5 + round, 6 + round);
    }
    const following = new Following(path, end ?? 'start');
    await following.until(5);
    expect(following.lines).toEqual(numbered(3, 8));
  });

  test('a missing directory is no error: the log is found once it is made', async () => {
    const { path } = setup();
    const nested = join(path, '..', 'logs', 'gateway.log');
    const following = new Following(nested);
    mkdirSync(dirname(nested));
    appendFileSync(nested, 'first\n');
    await following.until(1);
    expect(following.lines).toEqual(['first']);
  });

  test('an abort ends it after what was written before', async () => {
    const { path, append } = setup();
    append(0, 1);
    const following = new Following(path);
    await following.until(1);
    append(1, 5_000);
    await following.stop();
    expect(following.lines).toEqual(numbered(0, 5_000));
  });

  test('a file that was rotated out of reach before it was read is reported as a gap', async () => {
    const { path, append } = setup();
    append(0, 5);
    const following = new Following(path);
    await following.until(5);
    for (let round = 1; round <= 4; round += 1) {
      rotateLogs({ logPath: path, files: 2 });
      append(round * 5, (round + 1) * 5);
    }
    await following.until(20);
    expect(following.lines).toEqual([...numbered(0, 5), ...numbered(10, 25)].slice(0, following.lines.length));
    expect(following.notices).toEqual(['gap']);
  });

  test('a line without end does not fill the memory: its start is shown, and the next line is right', async () => {
    const { path } = setup();
    writeFileSync(path, `${'x'.repeat(3_000_000)}\nnext\n`);
    const following = new Following(path);
    await following.until(2);
    expect(following.lines[0]).toMatch(/^x{1048576}… \(line cut at 1048576 bytes\)$/);
    expect(following.lines[1]).toBe('next');
  });
});
