/** Provides the API's view of the channels: the state of each account, and who may write to it. */
import type { ChannelDocument, PairingDocument, PairingRevokeRequest } from '../../../../shared/api/channels.js';
import { isoTime } from '../../../../shared/clock.js';
import { formatKey } from '../../../../shared/config/key-path.js';
import type { Config } from '../../../../shared/config/schema.js';
import { GatewayError } from '../../../../shared/errors.js';
import { newId } from '../../../../shared/ids.js';
import { listNames } from '../../../../shared/text/list-names.js';
import { knownSentence } from '../../../../shared/text/sentences/known.js';
import { shellCommand } from '../../../../shared/text/shell-word.js';
import type { OpenedFile } from '../../channels/channel.js';
import { type DisabledAccount, disabledAccounts } from '../../channels/configured-accounts.js';
import { isListed } from '../../channels/telegram/access-policy.js';
import type { FileRef } from '../../channels/file-links.js';
import { accountLabel, type ChannelRegistry } from '../../channels/registry.js';
import { type AccountMessages, readAccountMessages } from '../../store/delivery/account-messages.js';
import { approvePairing, listPairings, type Pairing, type PairingKey, removePairing } from '../../store/delivery/pairings.js';
import type { Lane } from '../../store/delivery/outbox.js';
import type { Deps } from '../../store/tasks/worker-deps.js';
import { accountHealth, HEALTH_WINDOW_MS } from './channel-health.js';
import type { ChannelTimes } from './channel-times.js';
import type { Outbox } from '../outbox.js';

export interface ChannelServiceOptions extends Deps<'store' | 'clock' | 'config'> {
  readonly channels: ChannelRegistry;
  readonly outbox: Pick<Outbox, 'enqueue' | 'wake'>;
  /** Returns the times of an account by its label. Default: unknown. */
  readonly times?: ((label: string) => ChannelTimes) | undefined;
}

const WELCOME = 'You can write to me now. /help lists my commands.';

function toDocument({ code, createdAtMs, expiresAtMs, ...pairing }: Pairing): PairingDocument {
  return {
    ...pairing,
    state: code === null ? 'approved' : 'pending',
    code,
    createdAt: isoTime(createdAtMs),
    expiresAt: isoTime(expiresAtMs),
  };
}

function messagesDocument({ oldestWaitingAtMs, lastDeliveredAtMs, ...counts }: AccountMessages): ChannelDocument['messages'] {
  const { waiting, retrying, dead, unknown } = counts;
  return { waiting, retrying, dead, unknown, oldestWaitingAt: isoTime(oldestWaitingAtMs), lastDeliveredAt: isoTime(lastDeliveredAtMs) };
}

/** Returns the newer of an account's own error and that of its messages. */
function newestError(own: ChannelDocument['lastError'], sent: AccountMessages['lastError']): ChannelDocument['lastError'] {
  if (sent === null || (own !== null && Date.parse(own.at) >= sent.atMs)) return own;
  return { message: sent.message, at: new Date(sent.atMs).toISOString() };
}

/** In a direct conversation with a bot, the chat has the id of the person. */
function chatOf({ channel, accountId, senderId }: Pairing): Lane {
  return { channel, accountId, chatId: senderId };
}

type AccountState = ReturnType<ChannelRegistry['accounts']>[number];

async function readAccounts({ store, clock, channels, config, times }: ChannelServiceOptions): Promise<ChannelDocument[]> {
  const nowMs = clock.now();
  const known = channels.accounts();
  const isKnown = (account: DisabledAccount) =>
    known.some(({ channel, accountId }) => channel === account.channel && accountId === account.accountId);
  const disabled = disabledAccounts(config()).filter((account) => !isKnown(account));
  const accounts: AccountState[] = [
    ...known,
    ...disabled.map(({ channel, accountId }) => ({ channel, accountId, status: { state: 'off' } as const })),
  ];
  const read = await store.read((tx) => readAccountMessages(tx, accounts, nowMs - HEALTH_WINDOW_MS));
  return accounts.flatMap(({ channel, accountId, status }, index) => {
    const messages = read[index];
    if (messages === undefined) return [];
    const { since = null, lastError: own = null } = times?.(accountLabel(channel, accountId)) ?? {};
    const lastError = newestError(own, messages.lastError);
    return {
      channel,
      accountId,
      state: status.state,
      message: status.message ?? null,
      ...knownSentence(status.message),
      since,
      lastError: lastError && { ...lastError, ...knownSentence(lastError.message) },
      health: accountHealth({ status, messages, nowMs }),
      messages: messagesDocument(messages),
    };
  });
}

/**
 * Checks whether a sender could still write without an approval.
 * @returns a warning if that is unknown, because a pairing has no user name
 * @throws CONFLICT for one who could
 */
function checkRevocation({ channels }: Config, { channel, accountId, senderId }: PairingKey): { warning?: string } {
  const account = channel === 'telegram' ? channels.telegram?.accounts[accountId] : undefined;
  if (account === undefined) return {};
  const key = formatKey(['channels', 'telegram', 'accounts', accountId]);
  const listed = isListed(account.allowFrom, { id: Number(senderId), username: undefined });
  if (listed || account.dmPolicy === 'open') {
    throw new GatewayError('CONFLICT', {
      message: `'${senderId.slice(0, 80)}' may write without an approval: ${key}${listed ? '.allowFrom lists it' : ".dmPolicy is 'open'"}`,
      hint: listed
        ? 'Remove it from that list: xopc config edit'
        : `Let only approved people write: ${shellCommand`xopc config set ${`${key}.dmPolicy`} pairing`}`,
    });
  }
  const names = account.allowFrom.map(String).filter((entry) => !/^-?\d+$/.test(entry.trim()));
  if (names.length === 0) return {};
  return { warning: `${key}.allowFrom lists user names (${listNames(names)}): a person with one of them may still write` };
}

export type ChannelService = ReturnType<typeof createChannelService>;

export function createChannelService(options: ChannelServiceOptions) {
  const { store, clock, channels, outbox } = options;
  return {
    /** Returns every configured account, with the outcomes of its messages. */
    listAccounts: () => readAccounts(options),

    async list(): Promise<{ channels: ChannelDocument[]; pairings: PairingDocument[] }> {
      const pairings = await store.read((tx) => listPairings(tx, clock.now()));
      return { channels: await readAccounts(options), pairings: pairings.map(toDocument) };
    },

    /** Approves the sender with that code. @throws CHANNEL_NOT_FOUND; NOT_FOUND for an unknown or expired code */
    async approve(channel: string, code: string): Promise<PairingDocument> {
      const approved = await store.write(async (tx) => {
        const pairing = await approvePairing(tx, { channel: channels.get(channel).name, code: code.toUpperCase(), nowMs: clock.now() });
        if (pairing !== undefined) await outbox.enqueue(tx, { ...chatOf(pairing), id: newId('msg'), content: WELCOME });
        return pairing;
      });
      if (approved === undefined) {
        throw new GatewayError('NOT_FOUND', {
          message: `no sender waits for approval in '${channel}' with the code '${code.slice(0, 40)}'`,
          hint: 'A code is valid for an hour; to get a new one, the sender writes to the bot again. See: xopc channels',
        });
      }
      outbox.wake(chatOf(approved));
      return toDocument(approved);
    },

    /** @throws CHANNEL_NOT_FOUND; NOT_FOUND for an unknown sender; CONFLICT for one whom the configuration admits */
    async revoke(channel: string, { accountId: wanted, senderId }: PairingRevokeRequest): Promise<{ warning?: string }> {
      const { accountId } = channels.getAccount(channel, wanted);
      const sender = { channel, accountId, senderId };
      const checked = checkRevocation(options.config(), sender);
      const existed = await store.write((tx) => removePairing(tx, sender));
      if (existed) return checked;
      throw new GatewayError('NOT_FOUND', {
        message: `'${senderId.slice(0, 80)}' is not known to the account '${accountId}' of '${channel}'`,
        hint: 'List the known senders: xopc channels',
      });
    },

    /**
     * Opens a file that someone has sent, at its source.
     * @throws CHANNEL_NOT_FOUND; NOT_FOUND for a file that does not or no longer exist; UNAVAILABLE while it cannot be read
     */
    async openFile(file: FileRef, signal: AbortSignal): Promise<Extract<OpenedFile, { type: 'opened' }>> {
      const opened = await channels.openFile(file, signal);
      if (opened.type === 'opened') return opened;
      const message = `the file cannot be read: ${opened.reason}`;
      if (opened.type === 'failed') throw new GatewayError('UNAVAILABLE', { message, hint: 'Try again, or see: xopc channels' });
      throw new GatewayError('NOT_FOUND', { message });
    },
  };
}
