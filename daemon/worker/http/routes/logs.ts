import { Readable } from 'node:stream';
import { logsFollowQuery, logsQuery, logsResponse } from '../../../../shared/api/logs.js';
import type { Clock } from '../../../../shared/clock.js';
import type { LogEvent, LogService } from '../../services/contracts.js';
import type { Connections } from '../connections.js';
import { given } from '../given.js';
import { PulledEvents } from '../pulled-events.js';
import { type Route, route } from '../route.js';
import { comment, EVENT_STREAM_HEADERS, serverSentEvent } from '../server-sent-events.js';

/** Proxies and browsers drop a stream that is silent for long. */
const HEARTBEAT_MS = 15_000;

/** Small: the log is read no faster than the client takes it. */
const STREAM_BUFFER_BYTES = 16_384;

/** Until the client goes away or the worker ends; never fails. */
async function* stream(events: PulledEvents<LogEvent>): AsyncGenerator<string> {
  try {
    // So that the client sees its headers at once.
    yield comment('following');
    for (;;) {
      const step = await events.wait(HEARTBEAT_MS);
      if (step.kind === 'idle') yield comment('heartbeat');
      else if (step.kind === 'event') {
        events.take();
        const { type, ...data } = step.event;
        yield serverSentEvent(type, data);
      } else return;
    }
  } finally {
    events.close();
  }
}

export function logRoutes(logs: LogService, connections: Connections, clock: Clock): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/logs',
      summary: 'Read the gateway’s log, newest last',
      answer: logsResponse,
      access: 'token',
      query: logsQuery,
      async handle(ctx, { query: { since: sinceMs, until: untilMs, level, q, limit, cursor } }) {
        ctx.body = { status: 'ok', ...(await logs.query(given({ sinceMs, untilMs, level, q, limit, cursor }))) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/logs/follow',
      summary: 'Follow the gateway’s log while it is written',
      access: 'token',
      query: logsFollowQuery,
      media: { 'text/event-stream': 'Events `lines` (`{entries}`), and `gap` where lines are missing' },
      handle(ctx, { query }) {
        const signal = connections.abortable(ctx.res, 'stream');
        const followed = new PulledEvents(logs.follow(given(query), signal), signal, clock);
        ctx.set(EVENT_STREAM_HEADERS);
        ctx.body = Readable.from(stream(followed), { objectMode: false, highWaterMark: STREAM_BUFFER_BYTES });
      },
    }),
  ];
}
