/**
 * Disables the limits of Node's `fetch`, which gives up after five minutes of silence; reasoning models may need longer. The
 * gateway's own limit (`silenceTimeoutMs`) ends a silent call. Part of the vendor bundle.
 */

import { fetchDispatcher } from './fetch-dispatcher.js';

interface Limits {
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

/** The class is Node's own: `Agent`, or a proxy agent if the environment names a proxy. */
type DispatcherClass = new (limits: Limits) => NonNullable<RequestInit['dispatcher']>;

/** @returns options for `fetch`; none if this Node has no such class, so that its five minutes apply */
export function dispatcherWith(limits: Limits): Pick<RequestInit, 'dispatcher'> {
  const current = fetchDispatcher() as { constructor: DispatcherClass } | undefined;
  return current === undefined ? {} : { dispatcher: new current.constructor(limits) };
}

/** Options for a `fetch` without its own time limit. */
export const PATIENCE = dispatcherWith({ headersTimeout: 0, bodyTimeout: 0 });
