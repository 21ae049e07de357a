import { Readable } from 'node:stream';
import { type FollowedEvent, gatewayEvents, lastEventId } from '../../../../../shared/api/gateway/events.js';
import { validate } from '../../../../../shared/api/validate.js';
import type { Clock } from '../../../../../shared/clock.js';
import type { EventService } from '../../../observe/event-log.js';
import type { Connections } from '../../connection/connections.js';
import type { HttpContext } from '../../context.js';
import { PulledEvents } from '../../connection/pulled-events.js';
import { type Route, route } from '../../route.js';
import { comment, EVENT_STREAM_HEADERS, serverSentEvent } from '../../../../../shared/node/server-sent-events.js';

/** Proxies and browsers close a stream that is silent for long. */
const HEARTBEAT_MS = 15_000;

/** How long a client waits before it reconnects. */
const RETRY_MS = 1_000;

/** Small: a slow client gets `reset` before it costs memory. */
const STREAM_BUFFER_BYTES = 16_384;

/** Ends when the client disconnects or the worker ends. Never throws. */
async function* stream(events: PulledEvents<FollowedEvent>): AsyncGenerator<string> {
  try {
    yield `retry: ${RETRY_MS}\n\n`;
    for (;;) {
      const step = await events.wait(HEARTBEAT_MS);
      if (step.kind === 'idle') yield comment('heartbeat');
      else if (step.kind === 'event') {
        events.take();
        yield `id: ${step.event.id}\n${serverSentEvent(step.event.type, step.event.data)}`;
      } else return;
    }
  } finally {
    events.close();
  }
}

function resumeFrom(ctx: HttpContext): string | undefined {
  const header = ctx.get('Last-Event-ID');
  return header === '' ? undefined : validate(lastEventId(), header, 'Last-Event-ID header');
}

export function eventRoutes(events: EventService, connections: Connections, clock: Clock): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/events',
      scope: 'read',
      summary: 'Follow events: sessions, turns, messages, channels, schedules, configuration',
      headers: { 'Last-Event-ID': 'The id of the last event that the client received' },
      media: {
        'text/event-stream':
          'Events with an `id`: `hello` first, then `session`, `turn`, `completion`, `message`, `channel`, `cron`, `approval`, `mcp`, `config`, `token`; `reset` if events are missing, `draining` last',
      },
      stream: { name: 'GatewayEvent', events: gatewayEvents },
      handle(ctx) {
        const signal = connections.abortable(ctx.res, 'stream');
        const followed = new PulledEvents(events.follow(resumeFrom(ctx), signal), signal, clock);
        ctx.set(EVENT_STREAM_HEADERS);
        ctx.body = Readable.from(stream(followed), { objectMode: false, highWaterMark: STREAM_BUFFER_BYTES });
      },
    }),
  ];
}
