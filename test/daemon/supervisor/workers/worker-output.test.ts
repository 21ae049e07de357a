import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { captureOutput, type CapturedOutput } from '../../../../daemon/supervisor/workers/worker-output.js';
import { systemClock } from '../../../../shared/clock.js';
import { createRedactor } from '../../../../shared/node/secrets/redact.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

interface Logged {
  readonly level: 'info' | 'warn';
  readonly fields: Record<string, unknown>;
  readonly msg: string;
}

class RecordingLog {
  readonly entries: Logged[] = [];
  readonly info = this.#recorder('info');
  readonly warn = this.#recorder('warn');

  get messages(): string[] {
    return this.entries.map((entry) => entry.msg);
  }

  #recorder(level: Logged['level']): never {
    return ((fields: Record<string, unknown>, msg: string) => this.entries.push({ level, fields, msg })) as never;
  }
}

function fromStreams(options: { secrets?: string[] } = {}): {
  stdout: PassThrough;
  stderr: PassThrough;
  log: RecordingLog;
  clock: FakeClock;
  output: CapturedOutput;
} {
  const [stdout, stderr, log, clock] = [new PassThrough(), new PassThrough(), new RecordingLog(), new FakeClock()] as const;
  const output = captureOutput({ stdout, stderr, log, clock, redactor: createRedactor(options.secrets ?? []) });
  return { stdout, stderr, log, clock, output };
}

function fromProgram(source: string): { child: ChildProcessByStdio<null, Readable, Readable>; log: RecordingLog; output: CapturedOutput } {
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const log = new RecordingLog();
  return {
    child,
    log,
    output: captureOutput({ stdout: child.stdout, stderr: child.stderr, log, clock: systemClock, redactor: createRedactor() }),
  };
}

async function end(stream: PassThrough): Promise<void> {
  stream.end();
  await once(stream, 'close');
}

describe('lines', () => {
  test('stdout is logged as info and stderr as a warning, each line whole, the unfinished one at the end', async () => {
    const { stdout, stderr, log, output } = fromStreams();
    stdout.write(Buffer.from('first\nhalf ä'.slice(0, -1)));
    stdout.write(Buffer.from('ä').subarray(0, 1));
    stdout.write(Buffer.from('ä').subarray(1));
    stderr.write('trace\r\n\n');
    stdout.write(' end\nunfinished');
    await Promise.all([end(stdout), end(stderr)]);
    await output.drained(1_000);
    expect(log.entries).toEqual(
      expect.arrayContaining([
        { level: 'info', fields: { source: 'stdout' }, msg: 'first' },
        { level: 'info', fields: { source: 'stdout' }, msg: 'half ä end' },
        { level: 'warn', fields: { source: 'stderr' }, msg: 'trace' },
        { level: 'info', fields: { source: 'stdout' }, msg: 'unfinished' },
      ]),
    );
    expect(log.entries).toHaveLength(4);
  });

  test('the tail has no secrets and no control characters, starts with a whole line and fits', async () => {
    const { stdout, stderr, output } = fromStreams({ secrets: ['known-secret'] });
    for (let index = 0; index < 3_000; index += 1) stderr.write(`line ${index} with some length to it\n`);
    stderr.write('\u001b[31mred\u001b[0m known-secret, Authorization: Bearer abcdef123\n');
    await Promise.all([end(stdout), end(stderr)]);
    await output.drained(1_000);
    expect(output.tail().length).toBeGreaterThan(60_000);
    expect(output.tail()).toMatch(/^line \d+ with some length to it\n/);
    expect(output.tail(2_048).length).toBeLessThanOrEqual(2_048);
    expect(output.tail().split('\n').at(-2)).toBe('\\x1b[31mred\\x1b[0m [redacted], Authorization: [redacted]');
  });
});

describe('budget', () => {
  test('what is beyond the budget of a second is counted in one line, and the next second is logged again', async () => {
    const { stdout, log, clock } = fromStreams();
    const lines = Array.from({ length: 1_000 }, (_, index) => `${index}\n`);
    const arrival = once(stdout, 'data');
    stdout.write(lines.join(''));
    await arrival;
    expect(log.messages).toEqual(lines.slice(0, 200).map((line) => line.trim()));
    clock.advance(1_000);
    expect(log.entries.at(-1)).toMatchObject({ level: 'warn', fields: { droppedLines: 800 } });
    stdout.write('later\n');
    await end(stdout);
    expect(log.messages.at(-1)).toBe('later');
  });

  test('when the flood ends the last words are logged although the budget was spent', async () => {
    const { stdout, stderr, log, output } = fromStreams();
    stderr.write(`${'noise\n'.repeat(50_000)}FATAL ERROR: the reason\n    at frame (file.js:1:2)\n`);
    await Promise.all([end(stdout), end(stderr)]);
    await output.drained(1_000);
    const last = log.entries.at(-1);
    expect(last).toMatchObject({ level: 'warn', fields: { source: 'output' } });
    expect(last?.msg).toMatch(/noise\nFATAL ERROR: the reason\n {4}at frame \(file\.js:1:2\)$/);
    expect(last?.msg.split('\n')).toHaveLength(40);
  });
});

describe('real processes', () => {
  test('200 MB as fast as they come neither fill the memory nor the log, and all of it is read', async () => {
    const { child, log, output } = fromProgram(`
      const { writeSync } = require('node:fs');
      const block = Buffer.from(('x'.repeat(99) + '\\n').repeat(640));
      for (let written = 0; written < 200e6; written += block.length) writeSync(2, block);
      writeSync(2, 'the last words\\n');
    `);
    let peak = 0;
    const before = process.memoryUsage().rss;
    const sampling = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss - before)), 20);
    const [code] = (await once(child, 'exit')) as [number];
    await output.drained(5_000);
    clearInterval(sampling);
    expect(code).toBe(0);
    expect(output.tail().trimEnd().split('\n').at(-1)).toBe('the last words');
    expect(log.messages.join('\n')).toContain('the last words');
    const logged = log.messages.reduce((sum, message) => sum + message.length, 0);
    expect(logged).toBeLessThan(15 * 80_000);
    const dropped = log.entries.reduce((sum, entry) => sum + Number(entry.fields['droppedLines'] ?? 0), 0);
    expect(dropped).toBeGreaterThan(1_900_000);
    // Chunks that wait for the garbage collector are in this; what is kept is 64 KiB.
    expect(peak).toBeLessThan(100_000_000);
  });

  test.each([
    [
      'process.exit right after 5 MB',
      `const { writeSync } = require('fs'); const b = Buffer.alloc(5e6, 'y'); b[b.length-1]=10; for (let o = 0; o < b.length; ) o += writeSync(2, b, o); writeSync(2, 'last words\\n'); process.exit(3)`,
      3,
    ],
    ['SIGSEGV', `require('fs').writeSync(2, 'last words\\n'); process.kill(process.pid, 'SIGSEGV')`, 'SIGSEGV'],
    ['an uncaught error', `throw new Error('last words')`, 1],
  ])('after %s the last words are in the tail and in the log', async (_how, source, expected) => {
    const { child, log, output } = fromProgram(source);
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    await output.drained(5_000);
    expect(code ?? signal).toBe(expected);
    expect(output.tail()).toContain('last words');
    expect(log.messages.join('\n')).toContain('last words');
  });

  test('something that still holds the pipe delays the end by the given time only', async () => {
    const { child, output } = fromProgram(`
      const held = require('child_process').spawn('sleep', ['20'], { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
      console.log(held.pid);
      held.unref();
    `);
    await once(child, 'exit');
    const startedAt = performance.now();
    await output.drained(100);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    process.kill(Number(output.tail().trim()), 'SIGKILL');
    await output.drained(5_000);
  });
});
