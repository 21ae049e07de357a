import { agentEvents, agentRequest, agentResponse } from '../../../../shared/api/agent.js';
import { errorResponse } from '../../../../shared/api/error.js';
import { readReply, streamEvents } from '../agent-turn.js';
import { answerStream, type StreamReport } from '../event-answer.js';
import { callerKey, IDEMPOTENCY_HEADER } from '../idempotency.js';
import { PulledEvents } from '../connection/pulled-events.js';
import { type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';
import { TURN_ERRORS } from '../turn-requests.js';

/** An error within this time is answered with its status instead of in a stream. */
const FIRST_EVENT_MS = 1_000;

export function agentRoutes({ services: { agent }, connections, clock, logger }: RouteDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/agent',
      scope: 'chat',
      agentOf: (body) => agent.agentOf(body),
      summary: 'Run one turn of an agent; JSON, or a stream of `delta`, `tool`, `done`, `error`',
      errors: TURN_ERRORS,
      media: { 'text/event-stream': 'With `Accept: text/event-stream`: the turn’s events, ending with `done` or `error`' },
      stream: { name: 'AgentEvent', events: () => ({ ...agentEvents(), error: errorResponse() }) },
      headers: IDEMPOTENCY_HEADER,
      answer: agentResponse,
      body: agentRequest,
      async handle(ctx, { body }) {
        const isStream = ctx.accepts('application/json', 'text/event-stream') === 'text/event-stream';
        const signal = connections.abortable(ctx.res, isStream ? 'stream' : 'request');
        const turn = new PulledEvents(
          agent.run({ ...body, idempotency: callerKey(ctx), access: ctx.state.access, span: ctx.state.span }, signal),
          signal,
          clock,
        );
        const encode = (report: StreamReport) => streamEvents(turn, report);
        if (isStream) return await answerStream(ctx, turn, { logger, firstEventMs: FIRST_EVENT_MS, encode });
        return await readReply(turn);
      },
    }),
  ];
}
