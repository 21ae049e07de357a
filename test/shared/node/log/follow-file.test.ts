import { appendFileSync, closeSync, openSync, renameSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rotateLogs } from '../../../../daemon/supervisor/logs/log-rotation.js';
import { followFile } from '../../../../shared/node/log/follow-file.js';
import { Following } from '../../../helpers/log-reader.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const numbered = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => `line ${from + index}`);
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

function setup(): { path: string; append: (from: number, to: number) => void } {
  const path = join(tempDir(), 'gateway.log');
  return { path, append: (from, to) => appendFileSync(path, text(numbered(from, to))) };
}

describe('a followed log gives every line once and in order', () => {
  test('when 200,000 lines are written in one go', async () => {
    const { path, append } = setup();
    append(0, 1);
    const following = new Following(path);
    await following.until(1);
    for (let block = 0; block < 20; block += 1) append(1 + block * 10_000, 1 + (block + 1) * 10_000);
    await following.until(200_001);
    expect(following.lines).toEqual(numbered(0, 200_001));
  });

  test('over five renames with a new file at once', async () => {
    const { path, append } = setup();
    append(0, 15);
    const following = new Following(path);
    await following.until(15);
    for (let round = 0; round < 5; round += 1) {
      renameSync(path, `${path}-${round}`);
      append(15 + round * 100, 15 + (round + 1) * 100);
      await following.until(15 + round * 100 + 50);
    }
    await following.until(515);
    expect(following.lines).toEqual(numbered(0, 515));
    expect(following.notices).toEqual([]);
  });

  test('over twenty rotations by renaming down a row, while the reader is not looking', async () => {
    const { path, append } = setup();
    append(0, 10);
    const lines: string[] = [];
    for await (const event of followFile(path, { from: 'start', signal: AbortSignal.timeout(10_000) })) {
      expect(event.type).toBe('lines');
      if (event.type === 'lines') lines.push(...event.lines);
      if (lines.length === 10) {
        // The consumer is busy: the follower looks again only after all of this.
        for (let round = 1; round <= 20; round += 1) {
          rotateLogs({ logPath: path, files: 30 });
          append(round * 10, (round + 1) * 10);
        }
      }
      if (lines.length >= 210) break;
    }
    expect(lines).toEqual(numbered(0, 210));
  });

  test('when a writer goes on with the renamed file', async () => {
    const { path, append } = setup();
    append(0, 20);
    const following = new Following(path);
    await following.until(20);
    const old = openSync(path, 'a');
    renameSync(path, `${path}.1`);
    writeSync(old, text(numbered(20, 50)));
    await following.until(50);
    append(50, 70);
    await following.until(70);
    writeSync(old, text(numbered(70, 80)));
    closeSync(old);
    await following.until(80);
    expect(following.lines).toEqual(numbered(0, 80));
  });

  test('when a writer that is late writes to the old file and then to the new one, again and again', async () => {
    const { path, append } = setup();
    append(0, 1);
    const following = new Following(path);
    await following.until(1);
    const old = openSync(path, 'a');
    renameSync(path, `${path}.1`);
    append(1, 2);
    await following.until(2);
    for (let n = 2; n < 4_000; n += 2) {
      writeSync(old, `line ${n}\n`);
      append(n + 1, n + 2);
      if (n % 10 === 0) await nextTurn();
    }
    closeSync(old);
    await following.until(4_000);
    const places = new Map(following.lines.map((line, index) => [line, index]));
    const swapped = numbered(0, 4_000).filter((line, n) => n % 2 === 1 && (places.get(line) ?? 0) < (places.get(`line ${n - 1}`) ?? 0));
    expect(swapped).toEqual([]);
    expect(places.size).toBe(4_000);
  });

  test('when the file is truncated in place, from then on, with a notice', async () => {
    const { path, append } = setup();
    append(0, 60);
    const following = new Following(path);
    await following.until(60);
    for (let round = 0; round < 20; round += 1) {
      truncateSync(path);
      append(60 + round * 3, 60 + (round + 1) * 3);
      await following.until(60 + (round + 1) * 3);
    }
    expect(following.lines).toEqual(numbered(0, 120));
    expect(following.notices).toEqual(Array.from({ length: 20 }, () => 'truncated'));
  });

  test('when it is emptied and filled again beyond where the reader was, between two looks', async () => {
    const { path, append } = setup();
    append(0, 5);
    const following = new Following(path);
    await following.until(5);
    writeFileSync(path, text(numbered(5, 500)));
    await following.until(500);
    expect(following.lines).toEqual(numbered(0, 500));
    expect(following.notices).toEqual(['truncated']);
  });

  test('when a writer that keeps its offset leaves a hole after a truncation', async () => {
    const { path } = setup();
    const writer = openSync(path, 'w');
    writeSync(writer, text(numbered(0, 30)));
    const following = new Following(path);
    await following.until(30);
    truncateSync(path);
    writeSync(writer, text(numbered(30, 33)));
    closeSync(writer);
    await following.until(33);
    expect(following.lines).toEqual(numbered(0, 33));
  });

  test('when it is deleted and made again, at once or later, beside older generations', async () => {
    const { path, append } = setup();
    writeFileSync(`${path}.1`, 'older\n');
    append(0, 20);
    const following = new Following(path);
    await following.until(20);
    rmSync(path);
    append(20, 40);
    await following.until(40);
    const old = openSync(path, 'a');
    rmSync(path);
    writeSync(old, text(numbered(40, 45)));
    closeSync(old);
    await following.until(45);
    append(45, 60);
    await following.until(60);
    expect(following.lines).toEqual(numbered(0, 60));
    expect(following.notices).toEqual([]);
  });

  test('when a line is unfinished at a rotation', async () => {
    const { path, append } = setup();
    append(0, 8);
    appendFileSync(path, 'line 8');
    const following = new Following(path);
    await following.until(8);
    renameSync(path, `${path}.1`);
    append(9, 16);
    await following.until(16);
    expect(following.lines).toEqual(numbered(0, 16));
  });

  test('when a line arrives byte by byte, also inside a character', async () => {
    const { path } = setup();
    const line = 'Grüße, 世界 🌍, ☃';
    writeFileSync(path, '');
    const following = new Following(path);
    for (const byte of Buffer.from(`${line}\n`)) {
      appendFileSync(path, Buffer.from([byte]));
      await nextTurn();
    }
    await following.until(1);
    expect(following.lines).toEqual([line]);
  });
});
