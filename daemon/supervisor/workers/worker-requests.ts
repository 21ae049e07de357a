/** Handles requests from workers to the supervisor, and workers' answers to the supervisor's requests. */
import type { StatusDocument } from '../../../shared/api/gateway/status.js';
import { GatewayError, toErrorDocument } from '../../../shared/errors.js';
import type { WorkerMessage, WorkerQuery } from '../../../shared/ipc/messages.js';
import type { WorkerProcess } from './worker-process.js';

export type ConfigResult = Extract<WorkerMessage, { type: 'configResult' }>;

/** What carries the requests out. */
export interface WorkerRequests {
  readonly status: { document(): StatusDocument };
  readonly restart: (reason: string) => void;
  rotateLogs(): void;
  recordChildren(): void;
  configResult(worker: WorkerProcess, result: ConfigResult): void;
}

export function answerWorker(requests: WorkerRequests, worker: WorkerProcess, message: WorkerMessage): void {
  switch (message.type) {
    case 'rotateLogs':
      return requests.rotateLogs();
    case 'children':
      return requests.recordChildren();
    case 'configResult':
      return requests.configResult(worker, message);
    case 'query':
      return reply(requests, worker, message);
    default:
  }
}

function reply(requests: WorkerRequests, worker: WorkerProcess, { id, query }: Extract<WorkerMessage, { type: 'query' }>): void {
  try {
    worker.send({ type: 'reply', id, result: resultOf(requests, query) });
  } catch (error) {
    worker.send({ type: 'reply', id, error: toErrorDocument(error) });
  }
}

function resultOf({ status, restart }: WorkerRequests, query: WorkerQuery): unknown {
  switch (query.type) {
    case 'status':
      return status.document();
    case 'restart':
      // The restart may end the worker that requested it, so the answer says that the request was accepted, not how the restart
      // ended.
      restart(query.reason);
      return { accepted: true };
    default: // a worker from a newer build may send requests that we do not know
      throw new GatewayError('IPC_PROTOCOL', { message: `unknown query ${JSON.stringify(query).slice(0, 80)}` });
  }
}
