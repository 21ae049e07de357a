/** Sends the reply of a turn to a chat, with the write that ends the turn: it is neither lost nor sent twice. */
import { GatewayError } from '../../../../shared/errors.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { withCutOff } from '../../../../shared/text/cut-off.js';
import type { Lane } from '../../store/delivery/outbox.js';
import type { Transaction } from '../../store/transaction.js';
import type { TurnHooks } from '../turn-journal.js';

export interface ReplyOutbox {
  /** @throws what the channel cannot send, or CHANNEL_NOT_FOUND, before anything is stored */
  enqueue(tx: Transaction, message: Lane & { readonly id: string; readonly content: string }): Promise<void>;
  wake(lane: Lane): void;
}

export function deliverReply(
  { outbox, logger }: { readonly outbox: ReplyOutbox; readonly logger: LogPort },
  lane: Lane,
): Pick<TurnHooks, 'ended' | 'committed'> {
  return {
    async ended(tx, { turnId, state, reply, replyId, cutOff }) {
      if (state !== 'done' || reply === '') return true;
      try {
        await outbox.enqueue(tx, { ...lane, id: replyId, content: withCutOff(reply, cutOff) });
      } catch (error) {
        // The channel may have been removed while the turn waited; the reply is in the session.
        if (!(error instanceof GatewayError)) throw error;
        logger.error({ turnId, channel: lane.channel, err: error }, 'failed to deliver a reply');
      }
      return true;
    },
    // Its caller may have gone.
    committed: () => outbox.wake(lane),
  };
}
