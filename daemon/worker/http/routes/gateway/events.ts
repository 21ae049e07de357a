import { type FollowedEvent, gatewayEvents, lastEventId } from '../../../../../shared/api/gateway/events.js';
import { validate } from '../../../../../shared/api/validate.js';
import type { HttpContext } from '../../context.js';
import { streamText, sendEvents } from '../../event-answer.js';
import { PulledEvents } from '../../connection/pulled-events.js';
import { type Route, route } from '../../route.js';
import type { RouteDeps } from '../../services.js';
import { serverSentEvent } from '../../../../../shared/node/server-sent-events.js';

/** How long a client waits before it reconnects. */
const RETRY_MS = 1_000;

function resumeFrom(ctx: HttpContext): string | undefined {
  const header = ctx.get('Last-Event-ID');
  return header === '' ? undefined : validate(lastEventId(), header, 'Last-Event-ID header');
}

export function eventRoutes({ services: { events }, connections, clock }: RouteDeps): Route[] {
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
        const encode = ({ id, type, data }: FollowedEvent): string => `id: ${id}\n${serverSentEvent(type, data)}`;
        sendEvents(ctx, streamText(followed, `retry: ${RETRY_MS}\n\n`, encode));
      },
    }),
  ];
}
