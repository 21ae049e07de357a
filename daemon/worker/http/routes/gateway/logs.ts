import * as api from '../../../../../shared/api/gateway/logs.js';
import { compress, downloadHeaders } from '../../../../../shared/node/log/log-download.js';
import { PulledEvents } from '../../connection/pulled-events.js';
import { streamText, sendEvents } from '../../event-answer.js';
import { OWNER_ONLY, type Route, route } from '../../route.js';
import type { RouteDeps, Services } from '../../services.js';
import { comment, serverSentEvent } from '../../../../../shared/node/server-sent-events.js';

const eventText = ({ type, ...data }: api.LogEvent): string => serverSentEvent(type, data);

function levelRoutes(logLevel: Services['logLevel']): Route[] {
  return [
    route({
      ...OWNER_ONLY,
      method: 'GET',
      path: '/api/logs/level',
      summary: 'Read the log level of the gateway and its modules',
      answer: api.logLevelResponse,
      handle: () => ({ status: 'ok', ...logLevel.read() }),
    }),
    route({
      ...OWNER_ONLY,
      method: 'PATCH',
      path: '/api/logs/level',
      summary: 'Change the log level, or that of one module, temporarily',
      answer: api.logLevelResponse,
      body: api.logLevelRequest,
      handle: async (_ctx, { body }) => ({ status: 'ok', ...(await logLevel.change(body)) }),
    }),
  ];
}

export function logRoutes({ services: { logs, logLevel }, connections, clock }: RouteDeps): Route[] {
  return [
    route({
      ...OWNER_ONLY,
      method: 'GET',
      path: '/api/logs',
      summary: 'Read the log, newest last',
      answer: api.logsResponse,
      query: api.logsQuery,
      handle: async (_ctx, { query }) => ({ status: 'ok', ...(await logs.query(query)) }),
    }),
    route({
      ...OWNER_ONLY,
      method: 'GET',
      path: '/api/logs/counts',
      summary: 'Count the log by level',
      answer: api.logsCountsResponse,
      query: api.logsCountsQuery,
      handle: async (_ctx, { query }) => ({ status: 'ok', ...(await logs.count(query)) }),
    }),
    route({
      ...OWNER_ONLY,
      method: 'GET',
      path: '/api/logs/follow',
      summary: 'Follow the log',
      query: api.logsFollowQuery,
      media: { 'text/event-stream': 'Events `lines` (`{entries}`), and `gap` if lines are missing' },
      stream: { name: 'LogEvent', events: api.logEvents },
      handle(ctx, { query }) {
        const signal = connections.abortable(ctx.res, 'stream');
        const followed = new PulledEvents(logs.follow(query, signal), signal, clock);
        sendEvents(ctx, streamText(followed, comment('following'), eventText));
      },
    }),
    route({
      ...OWNER_ONLY,
      method: 'GET',
      path: '/api/logs/download',
      summary: 'Download the log as a compressed file, oldest line first',
      query: api.logsDownloadQuery,
      media: { 'application/gzip': 'JSON lines, compressed' },
      handle(ctx, { query }) {
        const lines = logs.download(query);
        ctx.set(downloadHeaders(clock.now()));
        const signal = connections.abortable(ctx.res, 'stream');
        ctx.body = compress(lines, signal);
      },
    }),
    ...levelRoutes(logLevel),
  ];
}
