/** Describes how a worker ended, for status, log and the fallback's answer. */
import { PERMANENT_EXIT_CODE } from '../../../shared/exit-codes.js';
import { constants } from 'node:os';
import type { ExitRecord } from '../../../shared/control/messages.js';
import type { ChildExit } from './child-process.js';

const MAX_OUTPUT_BYTES = 2_048;

/** What a process could not be started for lack of, and which limit to raise. */
const SHORTAGES: readonly (readonly [code: string, words: string])[] = [
  ['EMFILE', 'too many open files, see LimitNOFILE= of the service or ulimit -n'],
  ['ENFILE', 'too many open files on this machine'],
  ['EAGAIN', 'too many processes, see TasksMax= of the service or ulimit -u'],
  ['ENOMEM', 'not enough memory'],
];

const ABORT_CODE = 128 + constants.signals.SIGABRT;

/** @param killedFor  why we killed it ourselves, if we did */
export function describeExit(exit: ChildExit, options: { output: string; killedFor?: string }): string {
  if (exit.spawnError !== undefined) return `failed to start (${describeSpawnError(exit.spawnError)})`;
  if (options.killedFor !== undefined) return options.killedFor;
  if (isOutOfMemory(exit, options.output)) return 'ran out of memory (JavaScript heap limit)';
  if (exit.signal === 'SIGKILL') return 'killed by SIGKILL (manually, or by the kernel when out of memory)';
  if (exit.signal !== null) return `killed by ${exit.signal}`;
  if (exit.code === PERMANENT_EXIT_CODE) return 'asked not to be respawned (exit code 125)';
  return `exited with code ${exit.code ?? 'unknown'}`;
}

/** @param message  Node's text, e.g. `spawn /usr/bin/node EMFILE` */
export function describeSpawnError(message: string): string {
  const words = SHORTAGES.find(([code]) => message.includes(code))?.[1];
  return words === undefined ? message : `${words}: ${message}`;
}

function isOutOfMemory(exit: ChildExit, output: string): boolean {
  return (exit.signal === 'SIGABRT' || exit.code === ABORT_CODE) && output.includes('heap out of memory');
}

export function makeExitRecord(options: { pid: number; exit: ChildExit; output: string; atMs: number; killedFor?: string }): ExitRecord {
  return {
    at: new Date(options.atMs).toISOString(),
    pid: options.pid,
    code: options.exit.code,
    signal: options.exit.signal,
    reason: describeExit(options.exit, options),
    output: lastBytes(options.output, MAX_OUTPUT_BYTES),
  };
}

/** Returns the end of a text, starting with a whole character. */
function lastBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  return bytes.length <= maxBytes ? text : bytes.toString('utf8', bytes.length - maxBytes).replace(/^\ufffd{1,3}/, '');
}
