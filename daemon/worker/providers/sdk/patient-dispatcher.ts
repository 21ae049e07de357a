/**
 * Disables the limits of Node's `fetch`, which gives up after five minutes of silence; reasoning models may need longer. The
 * gateway's own limit (`silenceTimeoutMs`) ends a silent call. Part of the vendor bundle.
 */

/** Where Node keeps the connections of `fetch`, under the public key of its underlying library. */
const GLOBAL = Symbol.for('undici.globalDispatcher.1');

interface Limits {
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

/** The class is Node's own: `Agent`, or a proxy agent if the environment names a proxy. */
type DispatcherClass = new (limits: Limits) => NonNullable<RequestInit['dispatcher']>;

/** @returns options for `fetch`; none if this Node has no such class, so that its five minutes apply */
export function dispatcherWith(limits: Limits): Pick<RequestInit, 'dispatcher'> {
  // Node 20 loads the library when its first object is created.
  void new Request('http://localhost');
  const current = (globalThis as Record<symbol, unknown>)[GLOBAL] as { constructor: DispatcherClass } | undefined;
  return current === undefined ? {} : { dispatcher: new current.constructor(limits) };
}

/** Options for a `fetch` without its own time limit. */
export const PATIENCE = dispatcherWith({ headersTimeout: 0, bodyTimeout: 0 });
