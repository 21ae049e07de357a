/**
 * The structured log; the owner of pino. One JSON object per line: `level` (its name), `time` (ISO 8601 UTC), `pid`, `role`, then
 * fields, then `msg`. Before a line is written, it is collapsed if it repeats, redacted and truncated.
 */
import pino, { type Logger } from 'pino';
import { systemClock, type Clock } from '../../clock.js';
import { parseLogLine } from '../../log/entry.js';
import { isLogLevel, levelRank } from '../../log/level.js';
import type { LogFile } from './log-file.js';
import type { Redactor } from '../secrets/redact.js';
import { RepeatLimit } from './repeat-limit.js';

export type { Logger } from 'pino';

interface LoggerOptions {
  readonly file: Pick<LogFile, 'write' | 'maxLineBytes'>;
  /** Returns the current level of a line's `module`, so that a change takes effect at once, in child loggers too. */
  readonly level: (module: unknown) => string;
  /** Fields of every line: the process's role, and the identity of the instance. */
  readonly bindings: { readonly role: string } & Readonly<Record<string, unknown>>;
  readonly redactor: Redactor;
  readonly clock?: Clock;
}

const DEFAULT_LEVEL = 'info';
/** `"time":"2026-03-01T14:05:09.120Z"`, as pino's isoTime writes it. */
const TIME_FIELD = { start: '"time":"', length: '"time":"2026-03-01T14:05:09.120Z"'.length } as const;
// Bounds of an error's cause chain and texts.
const MAX_DEPTH = 6;
const MAX_ERRORS = 8;
const MAX_TEXT = 16_384;
const MAX_CUT_MESSAGE = 4_096;
/** A UTF-16 unit takes at most three bytes of UTF-8. */
const MAX_BYTES_PER_CHARACTER = 3;

/** Shortens a line that is too long: still a JSON object, with its head and the start of its message. */
function cutLine(line: string, maxBytes: number): string {
  if (line.length * MAX_BYTES_PER_CHARACTER <= maxBytes || Buffer.byteLength(line) <= maxBytes) return line;
  const { level, time, pid, role, msg } = parseLogLine(line);
  const start = typeof msg === 'string' ? msg.slice(0, MAX_CUT_MESSAGE) : undefined;
  return `${JSON.stringify({ level, time, pid, role, cutFromCharacters: line.length, msg: start })}\n`;
}

function withoutTime(line: string): string {
  const at = line.indexOf(TIME_FIELD.start);
  return at < 0 ? line : line.slice(0, at) + line.slice(at + TIME_FIELD.length);
}

/** The sink: all of pino's output passes through here, one whole line at a time. */
function createSink(options: LoggerOptions): { write(line: string): void } {
  const { file, redactor } = options;
  const put = (line: string): void => file.write(cutLine(redactor.redact(line), file.maxLineBytes));
  const repeats = new RepeatLimit({
    clock: options.clock ?? systemClock,
    onRepeated: (line, count) => put(`${line.trimEnd().slice(0, -1)},"repeated":${count}}\n`),
  });
  return {
    write(line) {
      if (repeats.admit(withoutTime(line), line)) put(line);
    },
  };
}

/** Creates the process's logger. It writes synchronously: a line is in the file when the call returns. */
export function createLogger(options: LoggerOptions): Logger {
  const { level } = options;
  const threshold = (fields: unknown): number => {
    const name = level((fields as { module?: unknown } | undefined)?.module);
    return levelRank(isLogLevel(name) ? name : DEFAULT_LEVEL);
  };
  return pino(
    {
      // Child loggers keep the level they were created with, so pino lets everything pass and the threshold is checked at the call.
      level: 'trace',
      base: { pid: process.pid, ...options.bindings },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError, error: serializeError },
      hooks: {
        logMethod(args, method, rank) {
          if (rank >= threshold(args[0])) method.apply(this, args);
        },
      },
    },
    createSink(options),
  );
}

const truncate = (text: string): string => (text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`);

function isErrorLike(value: unknown): value is { readonly message: unknown } & Record<string, unknown> {
  return value instanceof Error || (typeof value === 'object' && value !== null && 'message' in value && 'stack' in value);
}

function ownFields(error: Record<string, unknown>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    if (key === 'message' || key === 'stack' || key === 'name' || key === 'cause' || key === 'errors') continue;
    const value = error[key];
    if (value !== undefined && typeof value !== 'function') fields[key] = value;
  }
  return fields;
}

function serialize(value: unknown, depth: number): unknown {
  if (!isErrorLike(value)) return value;
  const error: Record<string, unknown> & { readonly message: unknown } = value;
  const document: Record<string, unknown> = { ...ownFields(error) };
  document['type'] = typeof error['name'] === 'string' ? error['name'] : 'Error';
  document['message'] = truncate(String(error.message));
  if (typeof error['stack'] === 'string') document['stack'] = truncate(error['stack']);
  if (depth >= MAX_DEPTH) return document;
  if (error['cause'] !== undefined) document['cause'] = serialize(error['cause'], depth + 1);
  if (Array.isArray(error['errors'])) document['errors'] = error['errors'].slice(0, MAX_ERRORS).map((item) => serialize(item, depth + 1));
  return document;
}

/** Returns an error as a plain object for the log; any other value unchanged. Circular causes end at a fixed depth. */
function serializeError(value: unknown): unknown {
  try {
    return serialize(value, 0);
  } catch (failure) {
    return { type: 'Error', message: `unreadable error: ${String(failure)}` };
  }
}
