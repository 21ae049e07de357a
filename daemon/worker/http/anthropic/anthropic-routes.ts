/** The part of Anthropic's API that its SDKs and Claude Code need: messages and token counts. */
import {
  countTokensRequest,
  countTokensResponse,
  messagesEvent,
  messagesRequest,
  messagesResponse,
} from '../../../../shared/api/anthropic/messages.js';
import { SESSION_HEADER } from '../../../../shared/api/openai.js';
import { newId } from '../../../../shared/ids.js';
import { PulledEvents } from '../connection/pulled-events.js';
import type { HttpContext } from '../context.js';
import { answerStream } from '../event-answer.js';
import { callerKey, TURN_IDEMPOTENCY_HEADER } from '../idempotency.js';
import { type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';
import { sessionOf, TURN_ERRORS } from '../turn-requests.js';
import { collectMessage, type MessageHead, streamMessage } from './answer.js';
import { readCountCall, readMessagesCall } from './read-request.js';

const BETA_HEADER = 'anthropic-beta';

const HEADERS = {
  'anthropic-version': 'Accepted but ignored: there is only one version',
  [BETA_HEADER]: 'Names of features, for providers of the same API',
};

function betasOf(ctx: HttpContext): string[] {
  return ctx
    .get(BETA_HEADER)
    .split(',')
    .map((name) => name.trim())
    .filter((name) => /^[\w.-]{1,100}$/.test(name));
}

type Thinking = { readonly type: string; readonly display?: unknown } | null | undefined;

function displayOf(thinking: Thinking): MessageHead['thinking'] {
  if (thinking === null || thinking === undefined || thinking.type === 'disabled') return 'none';
  return thinking.display === 'omitted' ? 'omitted' : 'shown';
}

export function anthropicRoutes({ services: { completions }, connections, clock, logger }: RouteDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/messages',
      scope: 'chat',
      agentOf: ({ model }) => completions.agentOf(model),
      summary: 'Create a message with an agent or a model',
      errors: TURN_ERRORS,
      body: messagesRequest,
      needsSource: true,
      answer: messagesResponse,
      media: { 'text/event-stream': 'With `stream: true`: events in Anthropic’s format' },
      stream: { name: 'MessagesEvent', data: messagesEvent },
      headers: {
        ...HEADERS,
        [SESSION_HEADER]: 'A session; the last message becomes a turn in it, and earlier messages come from the session',
        ...TURN_IDEMPOTENCY_HEADER,
      },
      async handle(ctx, { body, source }) {
        const facts = { session: sessionOf(ctx), idempotency: callerKey(ctx), betas: betasOf(ctx), source };
        const read = readMessagesCall(body, facts);
        const call = { ...read, tokenId: ctx.state.access?.id, span: ctx.state.span };
        const isStream = body.stream === true;
        const signal = connections.abortable(ctx.res, isStream ? 'stream' : 'request');
        const events = new PulledEvents(completions.run(call, signal), signal, clock);
        const head = { id: newId('msg'), model: body.model, thinking: displayOf(body.thinking) };
        ctx.set('Request-Id', ctx.state.requestId);
        if (isStream) return await answerStream(ctx, events, { logger, encode: (report) => streamMessage(events, { ...report, head }) });
        ctx.set('Content-Type', 'application/json; charset=utf-8');
        return await collectMessage(events, head);
      },
    }),
    route({
      method: 'POST',
      path: '/v1/messages/count_tokens',
      scope: 'chat',
      agentOf: ({ model }) => completions.agentOf(model),
      summary: 'Count the tokens of a message: by the provider where it has Anthropic’s API, otherwise an estimate',
      errors: ['MODEL_NOT_FOUND', 'AGENT_ERROR'],
      body: countTokensRequest,
      answer: countTokensResponse,
      headers: HEADERS,
      async handle(ctx, { body }) {
        const signal = connections.abortable(ctx.res, 'request');
        return { input_tokens: await completions.count(readCountCall(body, { betas: betasOf(ctx) }), signal) };
      },
    }),
  ];
}
