/**
 * Reads a child's raw stdout and stderr: crash traces, native aborts, output of libraries. Always reads, so that the child never
 * has to buffer; logs up to a budget per second and counts the rest; keeps the last 64 KiB for the exit record. Memory use does not
 * depend on the amount of output.
 */
import type { Readable } from 'node:stream';
import { type Clock, within } from '../../../shared/clock.js';
import { escapeControlsKeepLines } from '../../../shared/log/escape.js';
import { LineSplitter } from '../../../shared/node/log/line-splitter.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import type { Redactor } from '../../../shared/node/secrets/redact.js';
import { lastBytes } from './exit-record.js';

interface OutputOptions {
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Receives the lines: stderr as warnings, stdout as info, each with `source`. */
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly clock: Clock;
  /** Removes secrets from {@link CapturedOutput.tail}; the log redacts its own lines. */
  readonly redactor: Redactor;
}

export interface CapturedOutput {
  /**
   * The last of the output in the order of its arrival, from the start of a line, without secrets, control characters
   * escaped except line breaks. Complete once {@link drained} has resolved.
   * @param maxBytes  at most 64 KiB, the default.
   */
  tail(maxBytes?: number): string;
  /** Resolves when both streams have ended, or after `timeoutMs` if another process still holds them open; reading continues. */
  drained(timeoutMs: number): Promise<void>;
}

const TAIL_BYTES = 65_536;
const MAX_LINE_BYTES = 16_384;
const BUDGET = { windowMs: 1_000, lines: 200, bytes: 65_536 } as const;
/** Number of final lines logged even if the budget is used up: the last output matters most. */
const LAST_WORDS = 40;

type Source = 'stdout' | 'stderr';

/** The last bytes of a stream in a fixed amount of memory. */
class TailBuffer {
  readonly #bytes = Buffer.alloc(TAIL_BYTES);
  #total = 0;

  push(chunk: Buffer): void {
    const part = chunk.length > TAIL_BYTES ? chunk.subarray(chunk.length - TAIL_BYTES) : chunk;
    const at = (this.#total + chunk.length - part.length) % TAIL_BYTES;
    const head = part.copy(this.#bytes, at);
    part.copy(this.#bytes, 0, head);
    this.#total += chunk.length;
  }

  /** Begins at the start of a line, unless a single line fills the buffer. */
  read(): Buffer {
    if (this.#total <= TAIL_BYTES) return this.#bytes.subarray(0, this.#total);
    const at = this.#total % TAIL_BYTES;
    const all = Buffer.concat([this.#bytes.subarray(at), this.#bytes.subarray(0, at)]);
    const lineStart = all.indexOf(0x0a) + 1;
    return lineStart === all.length ? all : all.subarray(lineStart);
  }
}

/** Starts reading. An error on a stream is treated as its end. */
export function captureOutput(options: OutputOptions): CapturedOutput {
  const tail = new TailBuffer();
  const gate = new OutputGate(options, tail);
  const streams: [Readable | null, Source][] = [
    [options.stdout, 'stdout'],
    [options.stderr, 'stderr'],
  ];
  const ends = streams.map(([stream, source]) => (stream === null ? Promise.resolve() : readAll(stream, source, gate)));
  const finished = Promise.all(ends).then(() => gate.finish());
  return {
    tail: (maxBytes = TAIL_BYTES) => lastBytes(printable(tail.read().toString('utf8'), options.redactor), maxBytes),
    async drained(timeoutMs) {
      await within(finished, timeoutMs, options.clock);
      gate.logLastWords();
    },
  };
}

function readAll(stream: Readable, source: Source, gate: OutputGate): Promise<void> {
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => gate.push(source, chunk));
    stream.once('error', () => resolve());
    stream.once('close', () => resolve());
    stream.once('end', () => resolve());
  });
}

function printable(text: string, redactor: Redactor): string {
  return text
    .split('\n')
    .map((line) => escapeControlsKeepLines(redactor.redact(line)))
    .join('\n');
}

/** Passes lines to the log while the budget of the current second lasts. */
class OutputGate {
  readonly #options: OutputOptions;
  readonly #tail: TailBuffer;
  readonly #splitters = { stdout: new LineSplitter(MAX_LINE_BYTES), stderr: new LineSplitter(MAX_LINE_BYTES) };
  #left: { lines: number; bytes: number } = { lines: BUDGET.lines, bytes: BUDGET.bytes };
  #dropped = { lines: 0, bytes: 0 };
  #cancelWindow: (() => void) | undefined;
  #hasUnsaidEnd = false;

  constructor(options: OutputOptions, tail: TailBuffer) {
    this.#options = options;
    this.#tail = tail;
  }

  push(source: Source, chunk: Buffer): void {
    this.#tail.push(chunk);
    this.#cancelWindow ??= this.#options.clock.after(BUDGET.windowMs, () => this.#nextWindow());
    if (this.#left.lines <= 0 || this.#left.bytes <= 0) return this.#drop(this.#splitters[source].discard(chunk), chunk.length);
    this.#left.bytes -= chunk.length;
    for (const line of this.#splitters[source].push(chunk)) this.#pass(source, line);
  }

  finish(): void {
    for (const source of ['stdout', 'stderr'] as const) {
      const line = this.#splitters[source].flush();
      if (line !== undefined) this.#pass(source, line);
    }
    this.#nextWindow();
  }

  /** Logs the end of the output if the budget kept it out of the log. */
  logLastWords(): void {
    if (!this.#hasUnsaidEnd) return;
    this.#hasUnsaidEnd = false;
    this.#reportDropped();
    const lines = this.#tail.read().toString('utf8').trimEnd().split('\n').slice(-LAST_WORDS);
    this.#options.log.warn({ source: 'output', lastLines: lines.length }, lines.map((line) => line.slice(0, 1_024)).join('\n'));
  }

  #pass(source: Source, line: string): void {
    if (line === '') return;
    if (this.#left.lines <= 0) return this.#drop(1, 0);
    this.#left.lines -= 1;
    this.#hasUnsaidEnd = false;
    if (source === 'stderr') this.#options.log.warn({ source }, line);
    else this.#options.log.info({ source }, line);
  }

  #drop(lines: number, bytes: number): void {
    this.#dropped.lines += lines;
    this.#dropped.bytes += bytes;
    this.#hasUnsaidEnd = true;
  }

  #nextWindow(): void {
    this.#cancelWindow?.();
    this.#cancelWindow = undefined;
    this.#left = { lines: BUDGET.lines, bytes: BUDGET.bytes };
    this.#reportDropped();
  }

  #reportDropped(): void {
    const { lines, bytes } = this.#dropped;
    if (lines === 0 && bytes === 0) return;
    this.#dropped = { lines: 0, bytes: 0 };
    this.#options.log.warn({ droppedLines: lines, droppedBytes: bytes }, 'output beyond the limit per second was not logged');
  }
}
