import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { Tail } from 'tail';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { followFile } from '../../../../shared/node/log/follow-file.js';
import { Following } from '../../../helpers/log-reader.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const world = vi.hoisted(() => ({ constructorError: undefined as Error | undefined, hasDescriptors: true }));

vi.mock('tail', async (importActual) => {
  const actual = await importActual<typeof import('tail')>();
  class TestedTail extends actual.Tail {
    constructor(...args: ConstructorParameters<typeof Tail>) {
      if (world.constructorError !== undefined) throw world.constructorError;
      super(...args);
    }
  }
  return { Tail: TestedTail };
});

vi.mock('node:fs', async (importActual) => {
  const actual = await importActual<typeof import('node:fs')>();
  return { ...actual, existsSync: (path: string) => (path !== '/proc/self/fd' || world.hasDescriptors) && actual.existsSync(path) };
});

afterEach(() => Object.assign(world, { constructorError: undefined, hasDescriptors: true }));

/** Counts the bytes that `tail` emits, and writes `LINE` for `line` in them. */
function changeTail(): { readonly bytes: number } {
  const prototype = Tail.prototype as unknown as { emit(event: string, ...values: unknown[]): boolean };
  const emit = prototype.emit;
  const seen = { bytes: 0 };
  prototype.emit = function (event, ...values) {
    const [text] = values;
    if (event !== 'line' || typeof text !== 'string') return emit.call(this, event, ...values);
    seen.bytes += text.length;
    return emit.call(this, event, text.replaceAll('line', 'LINE'));
  };
  onTestFinished(() => {
    prototype.emit = emit;
  });
  return seen;
}

describe('tail', () => {
  test('reads what is appended to the live log', async () => {
    world.hasDescriptors = fs.existsSync('/proc/self/fd');
    const seen = changeTail();
    const path = join(tempDir(), 'gateway.log');
    fs.appendFileSync(path, 'line 0\n');
    const following = new Following(path);
    await following.until(1);
    // The follower has read to the end and waits.
    await vi.waitFor(() => {
      fs.appendFileSync(path, 'line\n');
      expect(seen.bytes).toBeGreaterThan(0);
    });
    await following.untilTrue(() => following.lines.includes(world.hasDescriptors ? 'LINE' : 'line'));
    expect(following.lines[0]).toBe('line 0');
  });

  test('only wakes our reader where open files have no path', async () => {
    world.hasDescriptors = false;
    const seen = changeTail();
    const path = join(tempDir(), 'gateway.log');
    fs.appendFileSync(path, 'line 0\n');
    const following = new Following(path);
    await following.until(1);
    await vi.waitFor(() => {
      fs.appendFileSync(path, 'line\n');
      expect(seen.bytes).toBeGreaterThan(0);
    });
    fs.renameSync(path, `${path}.1`);
    fs.writeFileSync(path, 'end\n');
    await following.untilTrue(() => following.lines.includes('end'));
    const written = `${fs.readFileSync(`${path}.1`, 'utf8')}end`;
    expect(following.lines).toEqual(written.split('\n'));
  });

  test('is not there in name only: following fails when it cannot be made', async () => {
    world.constructorError = new Error('no tail');
    const path = join(tempDir(), 'gateway.log');
    fs.appendFileSync(path, 'line 0\n');
    const follow = followFile(path, { from: 'start', signal: new AbortController().signal });
    expect((await follow.next()).value).toEqual({ type: 'lines', lines: ['line 0'] });
    await expect(follow.next()).rejects.toThrow('no tail');
  });

  test('without a watch for it the poll finds what was written', async () => {
    // What an error in the constructor, where nobody listens yet, becomes.
    world.constructorError = Object.assign(new Error('watch failed: ENOSPC'), { code: 'ERR_UNHANDLED_ERROR' });
    const path = join(tempDir(), 'gateway.log');
    fs.appendFileSync(path, 'line 0\n');
    const following = new Following(path);
    await following.until(1);
    fs.appendFileSync(path, 'line 1\n');
    await following.until(2);
    expect(following.lines).toEqual(['line 0', 'line 1']);
  });
});

test.each([true, false])(
  'nine rotations while 9,264 lines are written lose none, repeat none (descriptor paths: %s)',
  async (hasDescriptors) => {
    world.hasDescriptors = hasDescriptors && fs.existsSync('/proc/self/fd');
    const path = join(tempDir(), 'gateway.log');
    fs.writeFileSync(path, '');
    const following = new Following(path);
    const writer = spawn(process.execPath, [join(import.meta.dirname, '../../../fixtures/rotating-log-writer.mjs'), path], {
      stdio: 'inherit',
    });
    onTestFinished(() => void writer.kill('SIGKILL'));
    await following.until(9_264);
    const expected = Array.from({ length: 9_264 }, (_, n) => `line ${n} ${n % 500 === 250 ? 'ü'.repeat(60_000) : 'Grüße, 世界 🌍'}`);
    expect(following.lines).toEqual(expected);
    expect(following.notices).toEqual([]);
    expect(fs.existsSync(`${path}.9`)).toBe(true);
  },
);
