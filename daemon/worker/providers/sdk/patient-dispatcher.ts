/**
 * Disables the limits of Node's `fetch`, which gives up after five minutes of silence; reasoning models may need longer. The
 * gateway's own limit (`silenceTimeoutMs`) ends a silent call. Part of the vendor bundle.
 */

/**
 * Where Node keeps the connections of `fetch`, under the public keys of its underlying library. Node 26 has them under the first; under
 * the second, it has a wrapper for older versions of that library.
 */
const GLOBALS = ['undici.globalDispatcher.2', 'undici.globalDispatcher.1'].map((key) => Symbol.for(key));

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
  const global = globalThis as Record<symbol, unknown>;
  const current = GLOBALS.map((key) => global[key]).find(Boolean) as { constructor: DispatcherClass } | undefined;
  return current === undefined ? {} : { dispatcher: new current.constructor(limits) };
}

/** Options for a `fetch` without its own time limit. */
export const PATIENCE = dispatcherWith({ headersTimeout: 0, bodyTimeout: 0 });
