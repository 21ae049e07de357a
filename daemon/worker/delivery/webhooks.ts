/** Messages from programs, through the webhook accounts. */
import type { Config } from '../../../shared/config/schema.js';
import { newId } from '../../../shared/ids.js';
import { judgeCredentials } from '../channels/webhook/credentials.js';
import { webhookSettings } from '../channels/webhook/webhook.js';
import type { Inbox } from './inbox.js';
import type { WebhookCall, WebhookService } from '../contracts.js';
import { usedBefore } from '../store/idempotency.js';

export interface WebhookServiceOptions {
  readonly inbox: Pick<Inbox, 'receive'>;
  readonly config: () => Config;
}

export function createWebhookService({ inbox, config }: WebhookServiceOptions): WebhookService {
  const judge = ({ accountId, ...request }: WebhookCall) => {
    const accounts = webhookSettings(config());
    return judgeCredentials(Object.hasOwn(accounts, accountId) ? accounts[accountId] : undefined, request);
  };
  return {
    authorize: (call) => judge(call).type,
    async receive(call, { chatId, content, updateId }) {
      const verdict = judge(call);
      const signedId = verdict.type === 'valid' ? verdict.signedId : undefined;
      const { accountId } = call;
      const text = content.toWellFormed();
      const [stored] = await inbox.receive([
        {
          channel: 'webhook',
          accountId,
          chatId,
          peerKind: 'direct',
          scope: `webhook:${accountId}`,
          // A signature is worth something for minutes; within them, its id is what tells a replay.
          updateId: signedId ?? updateId ?? newId('evt'),
          content: text,
        },
      ]);
      if (stored === undefined) throw new Error('the inbox stored nothing');
      if (stored.content !== text || stored.chatId !== chatId) throw usedBefore('id', signedId ?? updateId ?? '', 'message');
      return { messageId: stored.id, replayed: stored.isRepeated };
    },
  };
}
