/** Receives messages from programs through webhook accounts. */
import { validateWithNulls } from '../../../shared/api/validate.js';
import {
  type WebhookPreviewDocument,
  type WebhookPreviewRequest,
  type WebhookRequest,
  webhookRequest,
} from '../../../shared/api/webhooks.js';
import type { Clock } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import { newId } from '../../../shared/ids.js';
import { enabledAccounts } from '../channels/configured-accounts.js';
import type { CredentialsResult } from '../channels/webhook/inbound/credentials.js';
import type { InboundRequest } from '../channels/webhook/inbound/hmac.js';
import type { ReadCall } from '../channels/webhook/inbound/read-call.js';
import type { InboundModule } from '../channels/webhook/inbound/inbound.js';
import type { ChannelRegistry } from '../channels/registry.js';
import type { WebhookSettings } from '../channels/webhook/account.js';
import { verifierOf } from '../channels/webhook/signature.js';
import type { StoredUpdate } from '../store/delivery/inbox.js';
import { usedBefore } from '../store/idempotency.js';
import type { Inbox } from './inbox.js';

export interface WebhookServiceOptions {
  readonly inbox: Pick<Inbox, 'receive'>;
  readonly config: () => Config;
  readonly clock: Clock;
  readonly channels: Pick<ChannelRegistry, 'getAccount'>;
  /** Loads the bundle that checks and reads calls. */
  readonly loadInbound: () => InboundModule;
}

/** A program's call that writes to an agent through a webhook account. */
export interface WebhookCall extends Pick<InboundRequest, 'headers'> {
  readonly accountId: string;
}

/** The keys by which a repeated call is detected. */
export interface CallIds {
  /** The id that the signature covers. It detects a replay while the signature is valid, i.e. for minutes. */
  readonly signedId?: string | undefined;
  /** Used if the call has no id. */
  readonly key?: string | undefined;
}

/** `messageId`: null if there was nothing to handle. */
export interface WebhookResult {
  readonly messageId: string | null;
  readonly challenge?: string;
  readonly replayed: boolean;
}

/** The content of a call. */
interface CallMessage extends Pick<WebhookRequest, 'content' | 'id'> {
  readonly chatId: string;
}

export type WebhookService = ReturnType<typeof createWebhookService>;

export function createWebhookService({ inbox, config, clock, channels, loadInbound }: WebhookServiceOptions) {
  const settingsOf = (accountId: string): WebhookSettings | undefined => {
    const accounts = enabledAccounts(config(), 'webhook');
    return Object.hasOwn(accounts, accountId) ? accounts[accountId] : undefined;
  };

  async function store(accountId: string, { chatId, content, id }: CallMessage): Promise<StoredUpdate & { updateId: string }> {
    const updateId = id ?? newId('evt');
    const place = { channel: 'webhook', accountId, chatId, peerKind: 'direct', scope: `webhook:${accountId}` } as const;
    return { ...(await inbox.receive({ ...place, updateId, content })), updateId };
  }

  /** @param where  the name of `body` in errors. @throws INVALID_REQUEST */
  function read({ accountId, headers }: WebhookCall, body: unknown, where: string): ReadCall {
    const settings = settingsOf(accountId);
    const { isRead, readCall } = loadInbound();
    if (settings !== undefined && isRead(settings)) return readCall(settings, { body, headers });
    const { chat_id: chatId, content, id } = validateWithNulls(webhookRequest(), body, where);
    return { type: 'message', chatId, content: content.toWellFormed(), id, isOwn: true };
  }

  return {
    /** Checks the account's token or the signature. An account that is not configured behaves like one with wrong credentials. */
    authorize({ accountId, headers }: WebhookCall, rawBody: Buffer): CredentialsResult {
      const settings = settingsOf(accountId);
      return loadInbound().checkCredentials(settings, { headers, rawBody }, { nowMs: clock.now(), verifier: verifierOf(settings) });
    },

    /**
     * Stores a message: on disk when it resolves. The answer goes to the account's URL. A repeated `id` (or signed `webhook-id`)
     * returns the first result again.
     * @throws INVALID_REQUEST; CONFLICT for an id used by another message; UNAVAILABLE while nothing can be stored
     */
    async receive(call: WebhookCall, body: unknown, { signedId, key }: CallIds = {}): Promise<WebhookResult> {
      const message = read(call, body, 'body');
      if (message.type === 'challenge') return { messageId: null, challenge: message.challenge, replayed: false };
      if (message.type === 'skipped') return { messageId: null, replayed: false };
      const stored = await store(call.accountId, { ...message, id: signedId ?? message.id ?? key });
      // The result of a template for an event may change between two deliveries.
      const isOther = message.isOwn && (stored.content !== message.content || stored.chatId !== message.chatId);
      if (isOther) throw usedBefore('id', stored.updateId, 'message');
      return { messageId: stored.id, replayed: stored.isRepeated };
    },

    /** Returns the message that {@link receive} would store. @throws CHANNEL_NOT_FOUND; INVALID_REQUEST */
    preview({ accountId: wanted, payload, headers = {} }: WebhookPreviewRequest): WebhookPreviewDocument {
      const { accountId } = channels.getAccount('webhook', wanted);
      const lowerCase = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
      const call = read({ accountId, headers: lowerCase }, payload, 'payload');
      const { chatId = null, id = null, content = null } = call.type === 'message' ? call : {};
      return { outcome: call.type, chat_id: chatId, id, content, challenge: call.type === 'challenge' ? call.challenge : null };
    },
  };
}
