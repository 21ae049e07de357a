import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { ChildExit } from '../../../../daemon/supervisor/workers/child-process.js';
import { describeExit, makeExitRecord } from '../../../../daemon/supervisor/workers/exit-record.js';

const HEAP = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';
const ABORT_CODE = 128 + constants.signals.SIGABRT;

describe('how a worker ended is said in words', () => {
  const cases: readonly { exit: ChildExit; output?: string; killedFor?: string; refusal?: string; words: string }[] = [
    { exit: { code: 0, signal: null }, words: 'exited with code 0' },
    { exit: { code: 1, signal: null }, words: 'exited with code 1' },
    { exit: { code: 125, signal: null }, words: 'asked not to be respawned (exit code 125)' },
    { exit: { code: null, signal: 'SIGKILL' }, words: 'killed by SIGKILL (manually, or by the kernel when out of memory)' },
    { exit: { code: null, signal: 'SIGSEGV' }, words: 'killed by SIGSEGV' },
    { exit: { code: null, signal: 'SIGABRT' }, words: 'killed by SIGABRT' },
    { exit: { code: null, signal: 'SIGABRT' }, output: HEAP, words: 'ran out of memory (JavaScript heap limit)' },
    { exit: { code: ABORT_CODE, signal: null }, output: HEAP, words: 'ran out of memory (JavaScript heap limit)' },
    { exit: { code: 1, signal: null }, output: HEAP, words: `exited with code 1: ${HEAP}` },
    { exit: { code: 1, signal: null }, output: 'cannot live\nlike this\n\n', words: 'exited with code 1: like this' },
    { exit: { code: 1, signal: null }, output: `x ${'y'.repeat(400)}\n`, words: `exited with code 1: x ${'y'.repeat(237)}…` },
    { exit: { code: 0, signal: null }, output: 'bye\n', words: 'exited with code 0' },
    { exit: { code: 1, signal: null }, output: 'bye\n', killedFor: 'did not drain', words: 'did not drain' },
    { exit: { code: null, signal: 'SIGSEGV' }, output: 'bye\n', words: 'killed by SIGSEGV' },
    {
      exit: { code: 78, signal: null },
      output: 'bye\n',
      refusal: 'config.json:3 gateway.port must be a number',
      words: 'exited with code 78: config.json:3 gateway.port must be a number',
    },
    { exit: { code: null, signal: 'SIGKILL' }, killedFor: 'did not answer for 15 s', words: 'did not answer for 15 s' },
    { exit: { code: null, signal: null }, words: 'exited with code unknown' },
    {
      exit: { code: null, signal: null, spawnError: 'spawn /usr/bin/node ENOENT' },
      words: 'failed to start (spawn /usr/bin/node ENOENT)',
    },
    {
      exit: { code: null, signal: null, spawnError: 'spawn /usr/bin/node EMFILE' },
      words: 'failed to start (too many open files, see LimitNOFILE= of the service or ulimit -n: spawn /usr/bin/node EMFILE)',
    },
    {
      exit: { code: null, signal: null, spawnError: 'spawn ENOMEM' },
      words: 'failed to start (not enough memory: spawn ENOMEM)',
    },
  ];

  test.each(cases)('$words', ({ exit, output = '', killedFor, refusal, words }) => {
    expect(describeExit(exit, { output, killedFor, refusal })).toBe(words);
  });

  test.each([
    [`throw new TypeError('no way')`, 'TypeError: no way'],
    [`throw Object.assign(new Error('gone'), { code: 'ENOENT', more: [1, { x: 1 }] })`, 'Error: gone'],
    [`Promise.reject(new Error('outer', { cause: 1 }))`, 'Error: outer'],
    [
      // As minified.
      `class P extends Error { constructor(m) { super(m); this.name = 'GatewayError'; this.hint = 'A new worker takes its place.'; } } throw new P('it is lost')`,
      'GatewayError: it is lost',
    ],
    [`require('./not-there')`, "Error: Cannot find module './not-there'"],
  ])('as this Node says it: %s', (program, cause) => {
    const { status, signal, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
    expect(describeExit({ code: status, signal }, { output: stderr })).toBe(`exited with code 1: ${cause}`);
  });
});

describe('the record', () => {
  const record = (output: string): ReturnType<typeof makeExitRecord> =>
    makeExitRecord({ pid: 42, exit: { code: 3, signal: null }, output, atMs: Date.UTC(2026, 2, 1, 14, 5, 9, 120) });

  test('has time, pid, reason and last output', () => {
    expect(record('bye')).toEqual({
      at: '2026-03-01T14:05:09.120Z',
      pid: 42,
      code: 3,
      signal: null,
      reason: 'exited with code 3: bye',
      output: 'bye',
    });
  });

  test.each([
    ['letters', 'a'],
    ['umlauts', 'ä'],
    ['emoji', '🤖'],
  ])('keeps at most 2 KiB of %s, whole characters from the end', (_what, character) => {
    const { output } = record(`START${character.repeat(4_000)}`);
    expect(Buffer.byteLength(output)).toBeLessThanOrEqual(2_048);
    expect(Buffer.byteLength(output)).toBeGreaterThan(2_040);
    expect(output.replaceAll(character, '')).toBe('');
  });

  test('knows what this Node says at the limit of its heap', () => {
    const fill = 'const kept = []; for (;;) kept.push(Array(1000).fill(kept.length));';
    const { status, signal, stderr } = spawnSync(process.execPath, ['--max-old-space-size=20', '-e', fill], { encoding: 'utf8' });
    expect(describeExit({ code: status, signal }, { output: stderr })).toBe('ran out of memory (JavaScript heap limit)');
  });

  test('finds the heap limit in output that is not kept', () => {
    const options = { pid: 42, exit: { code: null, signal: 'SIGABRT' }, atMs: 0 } as const;
    expect(makeExitRecord({ ...options, output: `${HEAP}\n${'stack '.repeat(1_000)}` }).reason).toContain('ran out of memory');
  });
});
