/** Classifies PostgreSQL errors for the store. */
import { GatewayError } from '../../../../shared/errors.js';
import { sayOfStore, type StoreReason } from '../../../../shared/text/sentences/store.js';
import type { StoreFault } from '../engine.js';
import { ConnectionLost, type ReadTimeout, sqlStateOf } from './driver.js';

/** By SQLSTATE, or its class: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNAVAILABLE: readonly (readonly [prefix: string, words: StoreReason, fix?: string])[] = [
  ['28', 'fault-credentials', 'Correct user and password in store.url, or let the user in: pg_hba.conf of the server'],
  ['3D000', 'fault-no-database', "Create it: create database NAME owner USER encoding 'UTF8' template template0 locale 'C.UTF-8'"],
  ['42501', 'fault-right'],
  ['53100', 'fault-its-disk-full'],
  ['53200', 'fault-its-memory'],
  ['53300', 'fault-connections', 'Raise max_connections of the server, or put pgbouncer in front of it; each gateway uses up to eight'],
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
const NETWORK: Readonly<Record<string, readonly [words: StoreReason, fix?: string]>> = {
  ECONNREFUSED: ['fault-no-server', 'Start the server, or correct host and port in store.url'],
  ENOENT: ['fault-no-server'],
  ENOTFOUND: ['fault-host-name', 'Correct the host in store.url'],
  EAI_AGAIN: ['fault-host-lookup'],
  EHOSTUNREACH: ['fault-host-unreachable'],
  ENETUNREACH: ['fault-host-unreachable'],
  ETIMEDOUT: ['fault-silent'],
};

const causeOf = (error: unknown): unknown => (error instanceof ConnectionLost ? error.cause : error);
const networkCodeOf = (cause: unknown): string => (cause instanceof Error && 'code' in cause ? String(cause.code) : '');

function unavailableBy(error: unknown) {
  const state = sqlStateOf(error) ?? '';
  return UNAVAILABLE.find(([prefix]) => state.startsWith(prefix));
}

/** Damage is never repaired from here, so nothing is `corrupt`. */
export function classifyFault(error: unknown): StoreFault {
  if ((sqlStateOf(error) ?? '') in BUSY) return 'busy';
  return error instanceof ConnectionLost || unavailableBy(error) !== undefined ? 'unavailable' : 'other';
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
  const cause = causeOf(error);
  const text = cause instanceof Error ? cause.message : String(cause);
  const code = networkCodeOf(cause);
  const known = BUSY[sqlStateOf(cause) ?? ''] ?? unavailableBy(cause)?.[1] ?? NETWORK[code]?.[0];
  const words = known ?? (error instanceof ConnectionLost ? 'fault-connection' : undefined);
  return words === undefined ? text : sayOfStore(words, { detail: text || code });
}

/** Returns what to do, if the error says that. */
export function fixOf(error: unknown): string | undefined {
  const cause = causeOf(error);
  return unavailableBy(cause)?.[2] ?? NETWORK[networkCodeOf(cause)]?.[1];
}
