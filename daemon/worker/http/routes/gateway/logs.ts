import * as api from '../../../../../shared/api/gateway/logs.js';
import { compress, downloadHeaders } from '../../../../../shared/node/log/log-download.js';
import { PulledEvents } from '../../connection/pulled-events.js';
import { streamText, sendEvents } from '../../event-answer.js';
import { type Route, route } from '../../route.js';
import type { RouteDeps, Services } from '../../services.js';
import { comment, serverSentEvent } from '../../../../../shared/node/server-sent-events.js';

const eventText = ({ type, ...data }: api.LogEvent): string => serverSentEvent(type, data);

function levelRoutes(logLevel: Services['logLevel']): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/logs/level',
      scope: 'admin',
      summary: 'Read the log level of the gateway and its modules',
      answer: api.logLevelResponse,
      access: 'token',
      handle: () => ({ status: 'ok', ...logLevel.read() }),
    }),
    route({
      method: 'PATCH',
      path: '/api/logs/level',
      scope: 'admin',
      summary: 'Change the log level, or that of one module, temporarily',
      answer: api.logLevelResponse,
      access: 'token',
      body: api.logLevelRequest,
      handle: async (_ctx, { body }) => ({ status: 'ok', ...(await logLevel.change(body)) }),
    }),
  ];
}

export function logRoutes({ services: { logs, logLevel }, connections, clock }: RouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/logs',
      scope: 'admin',
      summary: 'Read the log, newest last',
      answer: api.logsResponse,
      access: 'token',
      query: api.logsQuery,
      handle: async (_ctx, { query }) => ({ status: 'ok', ...(await logs.query(query)) }),
    }),
    route({
      method: 'GET',
      path: '/api/logs/counts',
      scope: 'admin',
      summary: 'Count the log by level',
      answer: api.logsCountsResponse,
      access: 'token',
      query: api.logsCountsQuery,
      handle: async (_ctx, { query }) => ({ status: 'ok', ...(await logs.count(query)) }),
    }),
    route({
      method: 'GET',
      path: '/api/logs/follow',
      scope: 'admin',
      summary: 'Follow the log',
      access: 'token',
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
      method: 'GET',
      path: '/api/logs/download',
      scope: 'admin',
      summary: 'Download the log as a compressed file, oldest line first',
      access: 'token',
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
