/** Changes the request that an SDK writes, for one call. Part of the bundle that speaks to vendors. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { fetchStream } from './sdk-fetch.js';

export type Body = Readonly<Record<string, unknown>>;

/** @param body  as the SDK wrote it. @returns what is sent instead */
export type ChangeBody = (body: Body) => Body;

const changes = new AsyncLocalStorage<ChangeBody>();

/** Runs a call with a change of its request. The SDK must have been given {@link fetchChanged}. */
export function withChange<Result>(change: ChangeBody | undefined, call: () => Result): Result {
  return change === undefined ? call() : changes.run(change, call);
}

/** The `fetch` of an SDK that has no other place for fields which it does not know. */
export const fetchChanged: typeof fetch = (input, init) => {
  const change = changes.getStore();
  if (change === undefined || typeof init?.body !== 'string') return fetchStream(input, init);
  return fetchStream(input, { ...init, body: JSON.stringify(change(JSON.parse(init.body) as Body)) });
};
