/**
 * Node's `fetch` gives up after five minutes of silence, which models that think may need: here its limits are off, and the gateway's own
 * one ends a silent call (`silenceTimeoutMs`). Part of the bundle that speaks to vendors.
 */

/** Where Node keeps the connections of `fetch`, under the public key of the library that it is made of. */
const GLOBAL = Symbol.for('undici.globalDispatcher.1');

interface Limits {
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

/** The class is Node's own: `Agent`, or that of a proxy where the environment names one. */
type DispatcherClass = new (limits: Limits) => NonNullable<RequestInit['dispatcher']>;

/** @returns options for `fetch`; none where this Node has no such class: then its five minutes hold */
export function dispatcherWith(limits: Limits): Pick<RequestInit, 'dispatcher'> {
  // Node 20 loads the library with the first of its objects.
  void new Request('http://localhost');
  const current = (globalThis as Record<symbol, unknown>)[GLOBAL] as { constructor: DispatcherClass } | undefined;
  return current === undefined ? {} : { dispatcher: new current.constructor(limits) };
}

/** Options for a `fetch` that waits as long as it is let. */
export const PATIENCE = dispatcherWith({ headersTimeout: 0, bodyTimeout: 0 });
