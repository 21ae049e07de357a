/** What an error of PostgreSQL means to the store. */
import type { StoreFault } from '../engine.js';
import { ConnectionLost, sqlStateOf } from './driver.js';

/** By SQLSTATE, or its class: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNAVAILABLE: readonly (readonly [prefix: string, words: string])[] = [
  ['28', 'it refuses the user or the password'],
  ['3D000', 'there is no such database'],
  ['42501', 'the user lacks a permission'],
  ['53100', 'its disk is full'],
  ['53200', 'it has not enough memory'],
  ['53300', 'it has too many connections'],
  ['53', 'it lacks a resource'],
  ['25006', 'it can only be read, not written'],
  ['57014', 'a statement took too long'],
  ['57P03', 'it is starting or stopping'],
  ['57P', 'it is shutting down'],
  ['58', 'its server reports a system error'],
  ['XX', 'its server reports damage'],
];

const BUSY: Readonly<Record<string, string>> = {
  '55P03': 'another process has kept it locked for more than four seconds',
  '40001': 'other writes kept getting in the way',
  '40P01': 'other writes kept getting in the way',
};

/** Codes of Node's network errors. */
const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'no server listens there',
  ENOENT: 'no server listens there',
  ENOTFOUND: 'its host name is not known',
  EAI_AGAIN: 'its host name cannot be looked up at the moment',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its host cannot be reached',
  ETIMEDOUT: 'it does not answer',
};

function wordsOf(error: unknown): string | undefined {
  const state = sqlStateOf(error) ?? '';
  return BUSY[state] ?? UNAVAILABLE.find(([prefix]) => state.startsWith(prefix))?.[1];
}

function isUnavailable(error: unknown): boolean {
  const state = sqlStateOf(error);
  return error instanceof ConnectionLost || (state !== undefined && UNAVAILABLE.some(([prefix]) => state.startsWith(prefix)));
}

/** Damage is never repaired from here, so nothing is `corrupt`. */
export function classifyFault(error: unknown): StoreFault {
  if ((sqlStateOf(error) ?? '') in BUSY) return 'busy';
  return isUnavailable(error) ? 'unavailable' : 'other';
}

/** Returns the reason in words, for a message such as `… cannot be used: its disk is full`. */
export function describeFault(error: unknown): string {
  const cause = error instanceof ConnectionLost ? error.cause : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const words = wordsOf(cause) ?? NETWORK[code] ?? (error instanceof ConnectionLost ? 'the connection failed' : undefined);
  return words === undefined ? text : `${words} (${text || code})`;
}
