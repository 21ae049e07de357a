/** The worker's end of the IPC channel to its supervisor: typed messages, one dispatch, and queries with replies. */
import { fromErrorDocument, GatewayError } from '../../shared/errors.js';
import type { SupervisorMessage, WorkerMessage, WorkerQuery, WorkerQueryResult } from '../../shared/ipc/messages.js';
import type { Clock } from '../../shared/clock.js';

const ANSWER_LIMIT_MS = 2_000;

type Handlers = {
  [T in Exclude<SupervisorMessage['type'], 'reply'>]: (message: Extract<SupervisorMessage, { type: T }>, handle: unknown) => void;
};

export class SupervisorChannel {
  readonly #clock: Clock;
  readonly #pending = new Map<string, (message: Extract<SupervisorMessage, { type: 'reply' }>) => void>();
  #nextId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts receiving. `onLost` is called when the supervisor is gone. */
  receive(handlers: Handlers, onLost: () => void): void {
    process.on('disconnect', onLost);
    process.on('message', (message: SupervisorMessage, handle: unknown) => {
      if (message.type === 'reply') return this.#pending.get(message.id)?.(message);
      if (!Object.hasOwn(handlers, message.type)) return; // a newer supervisor may send unknown messages
      const handler = handlers[message.type] as (message: SupervisorMessage, handle: unknown) => void;
      handler(message, handle);
    });
  }

  send(message: WorkerMessage): void {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  }

  /** Sends a last message before an exit and waits until it has been sent. */
  flush(message: WorkerMessage): Promise<void> {
    return new Promise((resolve) => {
      if (process.send === undefined || !process.connected) return resolve();
      process.send(message, undefined, undefined, () => resolve());
    });
  }

  /** Queries the supervisor. @throws UNAVAILABLE when it does not answer within 2 s */
  ask<T extends WorkerQuery['type']>(query: Extract<WorkerQuery, { type: T }>): Promise<WorkerQueryResult[T]> {
    this.#nextId += 1;
    const id = String(this.#nextId);
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(ANSWER_LIMIT_MS, () => {
        this.#pending.delete(id);
        reject(new GatewayError('UNAVAILABLE', { message: 'the supervisor does not answer', hint: 'Check it with: xopc gateway status' }));
      });
      this.#pending.set(id, (message) => {
        cancel();
        this.#pending.delete(id);
        if (message.error === undefined) resolve(message.result as WorkerQueryResult[T]);
        else reject(fromErrorDocument(message.error));
      });
      this.send({ type: 'query', id, query });
    });
  }
}
