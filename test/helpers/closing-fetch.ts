/**
 * Loaded before every test file that runs real gateways: `fetch` closes its connections. A restart lets an idle one say
 * something once more, until a second before the deadline of the drain, and would wait four seconds for the test's own.
 * Clients that keep theirs are tested on purpose (helpers/load.ts).
 */
const kept = globalThis.fetch;

globalThis.fetch = (input, init) => {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  if (!headers.has('Connection')) headers.set('Connection', 'close');
  return kept(input, { ...init, headers });
};
