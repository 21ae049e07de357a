/** Describes how a worker ended, for status, log and the fallback's answer. */
import { isoTime } from '../../../shared/clock.js';
import { PERMANENT_EXIT_CODE } from '../../../shared/exit-codes.js';
import { constants } from 'node:os';
import type { ExitRecord } from '../../../shared/api/gateway/status.js';
import { oneLine } from '../../../shared/text/one-line.js';
import { sayOfGateway } from '../../../shared/text/sentences/gateway.js';
import type { ChildExit } from './child-process.js';

const MAX_OUTPUT_BYTES = 2_048;
const MAX_CAUSE_LENGTH = 240;

/** The missing resource that kept a process from starting, and the limit to raise. */
const SHORTAGES: readonly (readonly [code: string, words: string])[] = [
  ['EMFILE', 'too many open files, see LimitNOFILE= of the service or ulimit -n'],
  ['ENFILE', 'too many open files on this machine'],
  ['EAGAIN', 'too many processes, see TasksMax= of the service or ulimit -u'],
  ['ENOMEM', 'not enough memory'],
];

const ABORT_CODE = 128 + constants.signals.SIGABRT;

/** Matches `TypeError: x is not a function` before its stack, as Node prints an uncaught exception. */
const THROWN = /^(?:Uncaught )?((?:[A-Z]\w*)?(?:Error|Exception)(?: \[\w+\])?: .+)$/;
/** Matches `P [GatewayError]`: a class name minified by the build, and the errors' own name. */
const RENAMED_CLASS = /^\w+ \[(\w*Error)\](?=: )/;
/** Lines after a dying process's error message that carry no information. */
const EMPTY = /^(?:\s*|Node\.js v\S+|\s+at .*|[\s}\]^]*)$/;

interface Told {
  readonly output: string;
  /** Why we killed it ourselves, if we did. */
  readonly killedFor?: string | undefined;
  /** The reason that the worker gave before it exited. */
  readonly refusal?: string | undefined;
}

/** Returns how a worker ended and, if known, why: `exited with code 1: Error: no such module`. */
export function describeExit(exit: ChildExit, told: Told): string {
  const how = describeEnd(exit, told);
  const hasOwnWords = told.killedFor === undefined && exit.spawnError === undefined && exit.code !== null && exit.code !== 0;
  const cause = hasOwnWords && !isOutOfMemory(exit, told.output) ? (told.refusal ?? lastWords(told.output)) : undefined;
  if (cause === undefined) return how;
  const code = exit.code ?? '';
  const shortened = oneLine(cause, MAX_CAUSE_LENGTH);
  return sayOfGateway(code === PERMANENT_EXIT_CODE ? 'exit-permanent-cause' : 'exit-code-cause', { code, cause: shortened });
}

/** Returns the error that ended a process, or the last line that it printed. */
function lastWords(output: string): string | undefined {
  const lines = output.split('\n').map((line) => line.replace(RENAMED_CLASS, '$1'));
  const thrown = lines.findLast((line) => THROWN.test(line));
  return thrown === undefined ? lines.findLast((line) => !EMPTY.test(line)) : THROWN.exec(thrown)?.[1];
}

function describeEnd(exit: ChildExit, options: Told): string {
  if (exit.spawnError !== undefined) return sayOfGateway('exit-not-started', { cause: describeSpawnError(exit.spawnError) });
  if (options.killedFor !== undefined) return options.killedFor;
  if (isOutOfMemory(exit, options.output)) return sayOfGateway('exit-out-of-memory');
  if (exit.signal === 'SIGKILL') return sayOfGateway('exit-killed');
  if (exit.signal !== null) return sayOfGateway('exit-signal', { signal: exit.signal });
  if (exit.code === PERMANENT_EXIT_CODE) return sayOfGateway('exit-permanent');
  return sayOfGateway('exit-code', { code: exit.code ?? 'unknown' });
}

/** @param message  Node's text, e.g. `spawn /usr/bin/node EMFILE` */
export function describeSpawnError(message: string): string {
  const words = SHORTAGES.find(([code]) => message.includes(code))?.[1];
  return words === undefined ? message : `${words}: ${message}`;
}

function isOutOfMemory(exit: ChildExit, output: string): boolean {
  return (exit.signal === 'SIGABRT' || exit.code === ABORT_CODE) && output.includes('heap out of memory');
}

export function makeExitRecord(options: Told & { pid: number; exit: ChildExit; atMs: number }): ExitRecord {
  return {
    at: isoTime(options.atMs),
    pid: options.pid,
    code: options.exit.code,
    signal: options.exit.signal,
    reason: describeExit(options.exit, options),
    output: lastBytes(options.output, MAX_OUTPUT_BYTES),
  };
}

/** Returns the end of a text, starting with a whole character. */
export function lastBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  return bytes.length <= maxBytes ? text : bytes.toString('utf8', bytes.length - maxBytes).replace(/^\ufffd{1,3}/, '');
}
