/** The channels for people: how each account is, and who may write to it. */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { accountLabel, type ChannelRegistry } from '../channels/registry.js';
import type { Outbox } from './outbox.js';
import { approvePairing, listPairings, removePairing } from '../store/delivery/pairings.js';
import type { PairingRow } from '../store/schema.js';
import type { Store } from '../store/store.js';
import type { ChannelTimes } from './channel-times.js';
import type { ChannelService, PairingDocument } from '../contracts.js';

export interface ChannelServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly channels: ChannelRegistry;
  readonly outbox: Pick<Outbox, 'enqueue' | 'wake'>;
  /** Of an account by its label. */
  readonly times?: ((label: string) => ChannelTimes) | undefined;
}

const WELCOME = 'You can write to me now. /help lists what I understand beside plain words.';

function toDocument(row: PairingRow): PairingDocument {
  return {
    channel: row.channel,
    accountId: row.account_id,
    senderId: row.sender_id,
    senderName: row.sender_name,
    state: row.code === null ? 'approved' : 'pending',
    code: row.code,
    createdAt: new Date(row.created_at).toISOString(),
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at).toISOString(),
  };
}

const NOTHING_KNOWN: ChannelTimes = { since: null, lastError: null };

export function createChannelService({
  store,
  clock,
  channels,
  outbox,
  times = () => NOTHING_KNOWN,
}: ChannelServiceOptions): ChannelService {
  return {
    async list() {
      const pairings = await store.read((tx) => listPairings(tx, clock.now()));
      return {
        channels: channels.accounts().map(({ channel, accountId, status: { state, message = null } }) => ({
          channel,
          accountId,
          state,
          message,
          ...times(accountLabel(channel, accountId)),
        })),
        pairings: pairings.map(toDocument),
      };
    },

    async approve(channel, code) {
      const approved = await store.write(async (tx) => {
        const row = await approvePairing(tx, { channel: channels.get(channel).name, code: code.toUpperCase(), nowMs: clock.now() });
        // In a conversation with a bot alone, the chat is named as the person.
        if (row !== undefined)
          await outbox.enqueue(tx, { channel, accountId: row.account_id, chatId: row.sender_id, id: newId('msg'), content: WELCOME });
        return row;
      });
      if (approved === undefined) {
        throw new GatewayError('NOT_FOUND', {
          message: `nobody waits for approval in '${channel}' with the code '${code.slice(0, 40)}'`,
          hint: 'A code is good for an hour; whoever needs a new one writes to the bot again. See: xopc channels',
        });
      }
      outbox.wake({ channel, accountId: approved.account_id, chatId: approved.sender_id });
      return toDocument(approved);
    },

    async revoke(channel, { accountId: wanted, senderId }) {
      const { accountId } = channels.getAccount(channel, wanted);
      const existed = await store.write((tx) => removePairing(tx, { channel, accountId, senderId }));
      if (existed) return;
      throw new GatewayError('NOT_FOUND', {
        message: `'${senderId.slice(0, 80)}' is not known to the account '${accountId}' of '${channel}'`,
        hint: 'See who is: xopc channels',
      });
    },

    async openFile(file, signal) {
      const opened = await channels.openFile(file, signal);
      if (opened.type === 'opened') return opened;
      const message = `the file cannot be read: ${opened.reason}`;
      if (opened.type === 'failed') throw new GatewayError('UNAVAILABLE', { message, hint: 'Try again, or see: xopc channels' });
      throw new GatewayError('NOT_FOUND', { message });
    },
  };
}
