/** Tells when the request of a model call has been sent: loading the SDK and connecting come before, and the SDK reports neither. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** The library of Node's `fetch` publishes these: https://undici.nodejs.org/#/docs/api/DiagnosticsChannel */
const CREATED = 'undici:request:create';
const SENT = 'undici:client:sendHeaders';

/** The requests of the call that is running. */
const current = new AsyncLocalStorage<WeakSet<object>>();

const requestOf = (message: unknown): object => (message as { readonly request: object }).request;

/** Yields the events; calls `onSent` for each request of `fetch` that producing them sends over a connection. */
export async function* watchRequests<Event>(events: AsyncGenerator<Event>, onSent: () => void): AsyncGenerator<Event> {
  const own = new WeakSet<object>();
  const noteCreated = (message: unknown): void => {
    if (current.getStore() === own) own.add(requestOf(message));
  };
  const noteSent = (message: unknown): void => {
    if (own.has(requestOf(message))) onSent();
  };
  subscribe(CREATED, noteCreated);
  subscribe(SENT, noteSent);
  try {
    for (;;) {
      const next = await current.run(own, () => events.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    unsubscribe(CREATED, noteCreated);
    unsubscribe(SENT, noteSent);
    await events.return(undefined);
  }
}
