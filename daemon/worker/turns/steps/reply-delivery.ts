/** Sends the reply of a turn to a chat in the transaction that ends the turn, so that it is neither lost nor sent twice. */
import { GatewayError } from '../../../../shared/errors.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { withCutOff } from '../../../../shared/text/cut-off.js';
import type { Lane } from '../../store/delivery/outbox.js';
import type { Transaction } from '../../store/transaction.js';
import type { TurnHooks } from '../turn-journal.js';

export interface ReplyOutbox {
  /** @throws CHANNEL_NOT_FOUND, or the error of a message that the channel cannot send, before anything is stored */
  enqueue(tx: Transaction, message: Lane & { readonly id: string; readonly content: string }): Promise<void>;
  wake(lane: Lane): void;
}

/** Replaces a reply that a channel cannot send. */
export const UNSENDABLE = 'The answer cannot be shown here. It is kept in the session of this chat.';

export function deliverReply(
  { outbox, logger }: { readonly outbox: ReplyOutbox; readonly logger: LogPort },
  lane: Lane,
): Pick<TurnHooks, 'ended' | 'committed'> {
  return {
    async ended(tx, { turnId, state, reply, replyId, cutOff }) {
      if (state !== 'done' || reply === '') return true;
      for (const content of [withCutOff(reply, cutOff), UNSENDABLE]) {
        try {
          await outbox.enqueue(tx, { ...lane, id: replyId, content });
          return true;
        } catch (error) {
          // The channel may have been removed while the turn waited; the reply is in the session.
          if (!(error instanceof GatewayError)) throw error;
          logger.error({ turnId, channel: lane.channel, err: error }, 'failed to deliver a reply');
        }
      }
      return true;
    },
    // Not left to the caller, which may have disconnected.
    committed: () => outbox.wake(lane),
  };
}
