/** Messages from programs, through the webhook accounts. */
import type { WebhookRequest } from '../../../shared/api/webhooks.js';
import type { Clock } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import { newId } from '../../../shared/ids.js';
import type { CredentialsResult } from '../channels/webhook/inbound/credentials.js';
import type { InboundRequest } from '../channels/webhook/inbound/hmac.js';
import type { InboundModule } from '../channels/webhook/inbound/inbound.js';
import { verifierOf } from '../channels/webhook/signature.js';
import { webhookSettings } from '../channels/webhook/webhook.js';
import { usedBefore } from '../store/idempotency.js';
import type { Inbox } from './inbox.js';

export interface WebhookServiceOptions {
  readonly inbox: Pick<Inbox, 'receive'>;
  readonly config: () => Config;
  readonly clock: Clock;
  /** Loads the bundle that checks and reads calls. */
  readonly loadInbound: () => InboundModule;
}

/** A call of a program that writes to an agent through a webhook account. */
export interface WebhookCall extends InboundRequest {
  readonly accountId: string;
}

export type WebhookService = ReturnType<typeof createWebhookService>;

export function createWebhookService({ inbox, config, clock, loadInbound }: WebhookServiceOptions) {
  const check = ({ accountId, ...request }: WebhookCall): CredentialsResult => {
    const accounts = webhookSettings(config());
    const settings = Object.hasOwn(accounts, accountId) ? accounts[accountId] : undefined;
    return loadInbound().checkCredentials(settings, request, { nowMs: clock.now(), verifier: verifierOf(settings) });
  };
  return {
    /** Checks the account's token or the signature. An account that is not set up behaves like one with wrong credentials. */
    authorize: (call: WebhookCall): CredentialsResult['type'] => check(call).type,

    /**
     * Stores a message: on disk when it resolves. The answer goes to the account's URL. A repeated `id` (or signed
     * `webhook-id`) gives the first result again.
     * @throws CONFLICT for an id that another message had; UNAVAILABLE while nothing can be stored
     */
    async receive(call: WebhookCall, { chat_id: chatId, content, id }: WebhookRequest): Promise<{ messageId: string; replayed: boolean }> {
      const result = check(call);
      const signedId = result.type === 'valid' ? result.signedId : undefined;
      const { accountId } = call;
      const text = content.toWellFormed();
      const place = { channel: 'webhook', accountId, chatId, peerKind: 'direct', scope: `webhook:${accountId}` } as const;
      // A signature is valid for minutes; within them, its id detects a replay.
      const [stored] = await inbox.receive([{ ...place, updateId: signedId ?? id ?? newId('evt'), content: text }]);
      if (stored === undefined) throw new Error('the inbox stored nothing');
      if (stored.content !== text || stored.chatId !== chatId) throw usedBefore('id', signedId ?? id ?? '', 'message');
      return { messageId: stored.id, replayed: stored.isRepeated };
    },
  };
}
