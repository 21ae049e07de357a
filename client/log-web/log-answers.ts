/** Serves the gateway's log routes without its worker. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as api from '../../shared/api/gateway/logs.js';
import { type Schema, validate } from '../../shared/api/validate.js';
import { compress, downloadHeaders } from '../../shared/node/log/log-download.js';
import type { LogService } from '../../shared/node/log/log-service.js';
import { comment, EVENT_STREAM_HEADERS, serverSentEvent } from '../../shared/node/server-sent-events.js';

export interface Asked {
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
}

type Answer = (logs: LogService, asked: Asked) => Promise<void>;

export function sendJson(response: ServerResponse, document: unknown): void {
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(document));
}

const read = <Query>(schema: Schema<Query>, query: URLSearchParams): Query => validate(schema, Object.fromEntries(query), 'query');

/** Aborts when the browser disconnects or the server closes. */
function leaving(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}

/** The page treats a stream without heartbeats as lost. */
const HEARTBEAT_MS = 15_000;

async function* eventTexts(events: AsyncIterable<api.LogEvent>): AsyncGenerator<string> {
  // Sends the headers immediately.
  yield comment('following');
  for await (const { type, ...data } of events) yield serverSentEvent(type, data);
}

/** Sends no faster than the browser reads. Ends when the browser disconnects. */
async function stream(source: Readable, response: ServerResponse): Promise<void> {
  await pipeline(source, response).catch((error: unknown) => {
    if (!response.destroyed) throw error;
  });
}

/** By path, for GET. */
export const LOG_ANSWERS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  [
    '/api/logs',
    async (logs, { response, query }) => sendJson(response, { status: 'ok', ...(await logs.query(read(api.logsQuery(), query))) }),
  ],
  [
    '/api/logs/counts',
    async (logs, { response, query }) => sendJson(response, { status: 'ok', ...(await logs.count(read(api.logsCountsQuery(), query))) }),
  ],
  [
    '/api/logs/follow',
    async (logs, { response, query }) => {
      const events = logs.follow(read(api.logsFollowQuery(), query), leaving(response));
      response.writeHead(200, EVENT_STREAM_HEADERS);
      const heartbeat = setInterval(() => response.write(comment('heartbeat')), HEARTBEAT_MS);
      response.once('close', () => clearInterval(heartbeat));
      await stream(Readable.from(eventTexts(events), { objectMode: false }), response);
    },
  ],
  [
    '/api/logs/download',
    async (logs, { response, query }) => {
      const lines = logs.download(read(api.logsDownloadQuery(), query));
      response.writeHead(200, downloadHeaders(Date.now()));
      await stream(compress(lines, leaving(response)), response);
    },
  ],
]);
