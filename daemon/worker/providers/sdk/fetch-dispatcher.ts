/** The connections of Node's `fetch`. Node has no API for them; its underlying library keeps them under public keys. */

/** Node 26 has them under the first key; under the second, it has a wrapper for older versions of the library. */
const KEYS = ['undici.globalDispatcher.2', 'undici.globalDispatcher.1'].map((key) => Symbol.for(key));

/** Returns the object that makes them: an `Agent`, or an `EnvHttpProxyAgent` if Node uses the environment's proxy; undefined if this Node has none. */
export function fetchDispatcher(): object | undefined {
  // Node 20 loads the library when its first object is created.
  void new Request('http://localhost');
  const global = globalThis as Record<symbol, object | undefined>;
  return KEYS.map((key) => global[key]).find((found) => found !== undefined);
}
