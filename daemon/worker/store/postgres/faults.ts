/** Classifies PostgreSQL errors for the store. */
import { GatewayError } from '../../../../shared/errors.js';
import { sayOfStore, type StoreReason } from '../../../../shared/text/sentences/store.js';
import type { StoreFault } from '../engine.js';
import { ConnectionLost, type ReadTimeout, sqlStateOf } from './driver.js';

/** By SQLSTATE, or its class: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNAVAILABLE: readonly (readonly [prefix: string, words: StoreReason])[] = [
  ['28', 'fault-credentials'],
  ['3D000', 'fault-no-database'],
  ['42501', 'fault-right'],
  ['53100', 'fault-its-disk-full'],
  ['53200', 'fault-its-memory'],
  ['53300', 'fault-connections'],
  ['53', 'fault-resource'],
  ['25006', 'fault-read-only'],
  ['57014', 'fault-slow'],
  ['57P03', 'fault-starting'],
  ['57P', 'fault-stopping'],
  ['58', 'fault-system'],
  ['XX', 'fault-damage'],
];

const BUSY: Readonly<Record<string, StoreReason>> = {
  '55P03': 'fault-its-lock',
  '40001': 'fault-conflict',
  '40P01': 'fault-conflict',
};

/** Codes of Node's network errors. */
const NETWORK: Readonly<Record<string, StoreReason>> = {
  ECONNREFUSED: 'fault-no-server',
  ENOENT: 'fault-no-server',
  ENOTFOUND: 'fault-host-name',
  EAI_AGAIN: 'fault-host-lookup',
  EHOSTUNREACH: 'fault-host-unreachable',
  ENETUNREACH: 'fault-host-unreachable',
  ETIMEDOUT: 'fault-silent',
};

function wordsOf(error: unknown): StoreReason | undefined {
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

/** Returns the error for a read that took too long: only the read fails, and the store continues. */
export function slowRead(place: string, cause: ReadTimeout): GatewayError {
  return new GatewayError('UNAVAILABLE', {
    message: sayOfStore('store-read-slow', { place }),
    details: { path: place },
    hint: 'Narrow the request, e.g. with a longer word or fewer days. Otherwise see what the server is busy with: select * from pg_stat_activity',
    cause,
  });
}

/** Returns the reason in words, for a message such as `… cannot be used: its disk is full`. */
export function describeFault(error: unknown): string {
  const cause = error instanceof ConnectionLost ? error.cause : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const words = wordsOf(cause) ?? NETWORK[code] ?? (error instanceof ConnectionLost ? 'fault-connection' : undefined);
  return words === undefined ? text : sayOfStore(words, { detail: text || code });
}
