/** What workers ask of the supervisor beyond their own life, and the answers to what it asks of them. */
import type { StatusDocument } from '../../../shared/control/messages.js';
import { GatewayError, toErrorDocument } from '../../../shared/errors.js';
import type { WorkerMessage, WorkerQuery } from '../../../shared/ipc/messages.js';
import type { WorkerProcess } from './worker-process.js';

export type ConfigResult = Extract<WorkerMessage, { type: 'configResult' }>;

export interface WorkerRequestsDeps {
  status(): StatusDocument;
  restart(reason: string): void;
  rotateLogs(): void;
}

export class WorkerRequests {
  readonly #deps: WorkerRequestsDeps;
  /** Set by whoever applies configuration. */
  onConfigResult: ((worker: WorkerProcess, result: ConfigResult) => void) | undefined;

  constructor(deps: WorkerRequestsDeps) {
    this.#deps = deps;
  }

  receive(worker: WorkerProcess, message: WorkerMessage): void {
    switch (message.type) {
      case 'rotateLogs':
        return this.#deps.rotateLogs();
      case 'configResult':
        return this.onConfigResult?.(worker, message);
      case 'query':
        return this.#answer(worker, message.id, message.query);
      default:
    }
  }

  #answer(worker: WorkerProcess, id: string, query: WorkerQuery): void {
    try {
      worker.send({ type: 'reply', id, result: this.#result(query) });
    } catch (error) {
      worker.send({ type: 'reply', id, error: toErrorDocument(error) });
    }
  }

  #result(query: WorkerQuery): unknown {
    switch (query.type) {
      case 'status':
        return this.#deps.status();
      case 'restart':
        // The asker may be cut by the restart itself: it is told that the wish is taken, not the outcome.
        this.#deps.restart(query.reason);
        return { accepted: true };
      default: // a worker of a newer build may ask more than we know
        throw new GatewayError('IPC_PROTOCOL', { message: `unknown query ${JSON.stringify(query).slice(0, 80)}` });
    }
  }
}
