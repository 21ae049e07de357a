import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LogRotation, rotateLogs } from '../../../../daemon/supervisor/logs/log-rotation.js';
import { LogFile } from '../../../../shared/node/log/log-file.js';
import { generationPath, listGenerations } from '../../../../shared/node/log/log-generations.js';
import { buildFixture, exitOf, startFixture } from '../../../helpers/fixture-process.js';
import { Following } from '../../../helpers/log-reader.js';
import { tempDir } from '../../../helpers/temp-dir.js';

function setup(files: Record<number, string>): string {
  const logPath = join(tempDir(), 'gateway.log');
  for (const [generation, content] of Object.entries(files)) writeFileSync(generationPath(logPath, Number(generation)), content);
  return logPath;
}

function contents(logPath: string): Record<number, string> {
  const generations = [...(existsSync(logPath) ? [0] : []), ...listGenerations(logPath)];
  return Object.fromEntries(generations.map((generation) => [generation, readFileSync(generationPath(logPath, generation), 'utf8')]));
}

describe('rotateLogs', () => {
  test.each<[string, Record<number, string>, number, Record<number, string>]>([
    ['the first file becomes .1', { 0: 'a' }, 5, { 1: 'a' }],
    ['older ones move up', { 0: 'c', 1: 'b', 2: 'a' }, 5, { 1: 'c', 2: 'b', 3: 'a' }],
    ['only the oldest goes when the row is full', { 0: 'd', 1: 'c', 2: 'b', 3: 'a' }, 3, { 1: 'd', 2: 'c', 3: 'b' }],
    [
      'a gap, as a kill leaves it, is filled and nothing is deleted',
      { 0: 'd', 1: 'c', 3: 'b', 4: 'a' },
      5,
      { 1: 'd', 2: 'c', 3: 'b', 4: 'a' },
    ],
    ['a free .1, as a kill leaves it, takes the file alone', { 0: 'd', 2: 'c', 3: 'b' }, 3, { 1: 'd', 2: 'c', 3: 'b' }],
    ['a smaller number of files deletes the oldest', { 0: 'd', 1: 'c', 2: 'b', 3: 'a', 4: 'z' }, 2, { 1: 'd', 2: 'c' }],
    ['one old file', { 0: 'b', 1: 'a' }, 1, { 1: 'b' }],
    ['without a log nothing moves', { 1: 'a', 2: 'z' }, 5, { 1: 'a', 2: 'z' }],
  ])('%s', (...[, before, files, after]) => {
    const logPath = setup(before);
    writeFileSync(`${logPath}.bak`, 'not ours');
    writeFileSync(`${logPath}.01`, 'not ours');
    rotateLogs({ logPath, files });
    expect(contents(logPath)).toEqual(after);
    expect(readdirSync(join(logPath, '..'))).toEqual(expect.arrayContaining(['gateway.log.bak', 'gateway.log.01']));
  });

  test('killed at any moment it leaves every generation once and in order', async () => {
    const script = buildFixture('log-rotator');
    const steps = new Set<string>();
    for (let round = 0; round < 25; round += 1) {
      const logPath = setup({});
      const child = startFixture(script, [logPath, '8']);
      await once(child, 'message');
      while (!existsSync(`${logPath}.8`))
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      child.kill('SIGKILL');
      await exitOf(child);
      const found = contents(logPath);
      const numbers = Object.values(found)
        .filter((text) => text !== '')
        .map((text) => text.trim().split('\n').map(Number).toReversed())
        .flat();
      const newest = numbers[0] ?? NaN;
      expect(numbers).toEqual(numbers.map((_number, index) => newest - index));
      expect(Object.keys(found).length).toBeGreaterThanOrEqual(7);
      steps.add(Object.keys(found).join());
    }
    // Kills between two renames have been among them.
    expect(steps.size).toBeGreaterThan(1);
  });
});

describe('LogRotation', () => {
  const config = { settings: { logs: { maxBytes: 10, files: 3 } } };

  test('several writers that find the same file full rotate it once, and all are told to move on', () => {
    const logPath = setup({ 0: 'x'.repeat(10) });
    let reopened = 0;
    const rotation = new LogRotation({
      logPath,
      config,
      reopenWriters: () => (reopened += 1),
      onError: (error) => {
        throw error;
      },
    });
    rotation.request();
    rotation.request();
    expect(listGenerations(logPath)).toEqual([1]);
    expect(reopened).toBe(2);
  });

  test('the writer of the same process may ask in the middle of its own write', () => {
    const logPath = setup({});
    const rotation: LogRotation = new LogRotation({
      logPath,
      config,
      reopenWriters: () => file.reopen(),
      onError: (error) => {
        throw error;
      },
    });
    const file = new LogFile({ path: logPath, maxBytes: 10, role: 'supervisor', wantsRotation: () => rotation.request() });
    for (let n = 1; n <= 3; n += 1) file.write(`{"line":${n}}`);
    file.close();
    expect(contents(logPath)).toEqual({ 0: '', 1: '{"line":3}\n', 2: '{"line":2}\n', 3: '{"line":1}\n' });
  });

  test('what stands in the way is reported, and the next request tries again', () => {
    const logPath = setup({ 0: 'x'.repeat(10) });
    const errors: unknown[] = [];
    const rotation = new LogRotation({
      logPath,
      config: { settings: { logs: { maxBytes: 10, files: 1 } } },
      reopenWriters: () => undefined,
      onError: (error) => errors.push(error),
    });
    mkdirSync(`${logPath}.1`);
    rotation.request();
    rmdirSync(`${logPath}.1`);
    rotation.request();
    expect(errors).toMatchObject([{ code: expect.stringContaining('EISDIR') }]);
    expect(contents(logPath)).toEqual({ 1: 'x'.repeat(10) });
  });

  test('an error of a writer is reported and does not stop the next rotation', () => {
    const logPath = setup({ 0: 'x'.repeat(10) });
    const errors: unknown[] = [];
    const rotation = new LogRotation({
      logPath,
      config,
      reopenWriters: () => {
        throw new Error('channel closed');
      },
      onError: (error) => errors.push(error),
    });
    rotation.request();
    writeFileSync(logPath, 'y'.repeat(10));
    rotation.request();
    expect(errors).toHaveLength(2);
    expect(listGenerations(logPath)).toEqual([1, 2]);
  });
});

test('two processes write 60,000 lines over many rotations: a follower sees each once, in order, and the size stays bounded', async () => {
  const logPath = setup({ 0: '{}\n' });
  const maxBytes = 150_000;
  const script = buildFixture('log-writer');
  const following = new Following(logPath);
  await following.until(1);
  const writers = ['a', 'b'].map((name) => startFixture(script, [logPath, String(maxBytes), '30000', name]));
  let rotations = 0;
  const rotation = new LogRotation({
    logPath,
    config: { settings: { logs: { maxBytes, files: 50 } } },
    reopenWriters: () => {
      rotations += 1;
      for (const writer of writers) if (writer.connected) writer.send({ type: 'reopenLogs' }, () => undefined);
    },
    onError: (error) => {
      throw error;
    },
  });
  for (const writer of writers) writer.on('message', () => rotation.request());
  await Promise.all(writers.map((writer) => exitOf(writer)));
  await following.stop();

  const entries = following.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const lost = entries.reduce((sum, entry) => sum + (typeof entry['lostLines'] === 'number' ? entry['lostLines'] : 0), 0);
  const numbers = (name: string): number[] => entries.filter((entry) => entry['name'] === name).map((entry) => entry['n'] as number);
  for (const name of ['a', 'b']) expect(numbers(name)).toEqual([...new Set(numbers(name))].toSorted((x, y) => x - y));
  expect(numbers('a').length + numbers('b').length + lost).toBe(60_000);
  expect(following.notices).toEqual([]);
  expect(rotations).toBeGreaterThan(5);
  for (const content of Object.values(contents(logPath))) expect(content.length).toBeLessThanOrEqual(maxBytes * 1.75);
});
