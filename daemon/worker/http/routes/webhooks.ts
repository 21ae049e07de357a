import {
  webhookAccountId,
  webhookBody,
  webhookPreviewRequest,
  webhookPreviewResponse,
  webhookResponse,
} from '../../../../shared/api/webhooks.js';
import type { WebhookCall } from '../../delivery/webhooks.js';
import type { HttpContext } from '../context.js';
import { callerKey, IDEMPOTENCY_HEADER } from '../idempotency.js';
import { type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';

function callOf(ctx: HttpContext, accountId: string): WebhookCall {
  const headers = Object.fromEntries(
    Object.entries(ctx.req.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
  return { accountId, headers };
}

const REFUSAL = {
  message: 'The credentials are missing or wrong.',
  hint: "Use the credentials of the account, not the gateway's token; a signature is valid within five minutes of its webhook-timestamp.",
};

export function webhookRoutes({ services: { webhooks } }: RouteDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/webhook/:accountId',
      scope: 'public',
      summary: 'Send a message to an agent through a webhook account, with the account’s credentials',
      params: { accountId: webhookAccountId },
      answer: webhookResponse,
      body: webhookBody,
      headers: IDEMPOTENCY_HEADER,
      authorize: {
        refusal: REFUSAL,
        check(ctx, rawBody, { accountId }) {
          const result = webhooks.authorize(callOf(ctx, accountId), rawBody);
          if (result.type === 'valid') ctx.state.signedId = result.signedId;
          return result.type;
        },
      },
      async handle(ctx, { params: { accountId }, body }) {
        const ids = { signedId: ctx.state.signedId, key: callerKey(ctx)?.key };
        const { messageId, challenge, replayed } = await webhooks.receive(callOf(ctx, accountId), body, ids);
        if (replayed) ctx.set('Idempotent-Replayed', 'true');
        return { status: 'ok', message_id: messageId, ...(challenge === undefined ? {} : { challenge }) };
      },
    }),
    route({
      method: 'POST',
      path: '/api/channels/webhook/preview',
      scope: 'read',
      summary: 'Show the message that a call of a webhook account produces, without storing it',
      answer: webhookPreviewResponse,
      body: webhookPreviewRequest,
      errors: ['CHANNEL_NOT_FOUND'],
      handle: (_ctx, { body }) => ({ status: 'ok', preview: webhooks.preview(body) }),
    }),
  ];
}
