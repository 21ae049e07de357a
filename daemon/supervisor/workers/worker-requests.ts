/** Handles requests from workers to the supervisor, and workers' answers to the supervisor's requests. */
import type { StatusDocument } from '../../../shared/control/messages.js';
import { GatewayError, toErrorDocument } from '../../../shared/errors.js';
import type { WorkerMessage, WorkerQuery } from '../../../shared/ipc/messages.js';
import type { WorkerProcess } from './worker-process.js';

export type ConfigResult = Extract<WorkerMessage, { type: 'configResult' }>;

interface WorkerRequestsDeps {
  readonly status: { document(): StatusDocument };
  restart(reason: string): void;
  rotateLogs(): void;
  recordChildren(): void;
  configResult(worker: WorkerProcess, result: ConfigResult): void;
}

export class WorkerRequests {
  readonly #deps: WorkerRequestsDeps;

  constructor(deps: WorkerRequestsDeps) {
    this.#deps = deps;
  }

  receive(worker: WorkerProcess, message: WorkerMessage): void {
    switch (message.type) {
      case 'rotateLogs':
        return this.#deps.rotateLogs();
      case 'children':
        return this.#deps.recordChildren();
      case 'configResult':
        return this.#deps.configResult(worker, message);
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
        return this.#deps.status.document();
      case 'restart':
        // The restart may end the worker that requested it, so the answer says that the request was accepted, not how the restart
        // ended.
        this.#deps.restart(query.reason);
        return { accepted: true };
      default: // a worker from a newer build may send requests that we do not know
        throw new GatewayError('IPC_PROTOCOL', { message: `unknown query ${JSON.stringify(query).slice(0, 80)}` });
    }
  }
}
