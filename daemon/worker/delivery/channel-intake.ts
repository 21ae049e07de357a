/** Stores messages that channels read from other servers, admits senders, and manages the leases of accounts. */
import { randomInt } from 'node:crypto';
import { MAX_PENDING_PAIRINGS } from '../../../shared/channels/pairing-limit.js';
import { newId } from '../../../shared/ids.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import type { ChannelIntake, IncomingMessage } from '../channels/host.js';
import { ButtonDecisions, type Decisions, type PressOutcome } from './button-decisions.js';
import type { Inbox } from './inbox.js';
import type { Outbox } from './outbox.js';
import { readInboxCursor } from '../store/delivery/inbox-cursors.js';
import { isAccountFree, releaseAccount, releaseAccounts, takeAccount } from '../store/delivery/account-leases.js';
import { isPaired, PAIRING_TTL_MS, requestPairing } from '../store/delivery/pairings.js';
import type { Transaction } from '../store/transaction.js';
import type { Deps } from '../store/tasks/worker-deps.js';

export interface ChannelIntakeOptions extends Deps<'store' | 'clock' | 'logger' | 'instanceId' | 'liveness'> {
  readonly inbox: Pick<Inbox, 'storeIn' | 'wakeAll'>;
  readonly outbox: Pick<Outbox, 'enqueue' | 'wake'>;
  /** Created later, by a higher layer. */
  readonly decisions: () => Decisions;
}

/** Omits letters and digits that look alike. */
const CODE_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const CODE_LENGTH = 8;

export function newPairingCode(): string {
  return Array.from({ length: CODE_LENGTH }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join('');
}

function invitation(channel: string, code: string): string {
  return `You are not approved yet. The owner of this gateway can let you in with this command, within an hour:\n\n${shellCommand`xopc channels approve ${channel} ${code}`}`;
}

/** Logs that an account takes no further request, at most once while a request is valid. */
function createFullNote({ clock, logger }: Deps<'clock' | 'logger'>): (account: { channel: string; accountId: string }) => void {
  const notedAtMs = new Map<string, number>();
  return ({ channel, accountId }) => {
    const [key, nowMs] = [`${channel}/${accountId}`, clock.now()];
    if (nowMs - (notedAtMs.get(key) ?? -Infinity) < PAIRING_TTL_MS) return;
    notedAtMs.set(key, nowMs);
    const message = `${MAX_PENDING_PAIRINGS} senders wait for approval: others get no code until one is approved or revoked, or an hour has passed`;
    logger.warn({ channel, accountId }, message);
  };
}

export interface AccountIntake extends ChannelIntake {
  /** Releases the leases of all accounts. Never rejects. */
  releaseAll(): Promise<void>;
}

export function createChannelIntake(options: ChannelIntakeOptions): AccountIntake {
  const { store, clock, logger, inbox, outbox, decisions, instanceId, liveness } = options;
  const buttons = new ButtonDecisions(options);
  const noteFull = createFullNote(options);

  /** @returns whether the sender may write; a sender who may not is invited to pair, once */
  async function isAdmitted(tx: Transaction, message: IncomingMessage): Promise<boolean> {
    const { pairing, channel, accountId, chatId } = message;
    if (pairing === undefined) return true;
    const key = { channel, accountId, senderId: pairing.senderId };
    if (await isPaired(tx, key)) return true;
    const code = newPairingCode();
    const request = await requestPairing(tx, { ...key, senderName: pairing.senderName, code, nowMs: clock.now() });
    if (request === 'full') noteFull(message);
    if (request === 'new') await outbox.enqueue(tx, { channel, accountId, chatId, id: newId('msg'), content: invitation(channel, code) });
    return false;
  }

  async function release(work: (tx: Transaction) => Promise<void>): Promise<void> {
    try {
      await store.write(work);
    } catch (error) {
      // The lease becomes invalid when this worker ends.
      logger.warn({ err: error }, 'failed to release the lease of an account');
    }
  }

  return {
    async store({ messages, presses, cursor }) {
      const { admitted, stored, outcomes } = await store.write(async (tx) => {
        const admitted: IncomingMessage[] = [];
        for (const message of messages)
          if (await isAdmitted(tx, message)) admitted.push({ ...message, content: message.content.toWellFormed() });
        const stored = await inbox.storeIn(tx, admitted, cursor);
        const outcomes: PressOutcome[] = [];
        for (const press of presses) outcomes.push(await buttons.decide(tx, press));
        return { admitted, stored, outcomes };
      });
      for (const { decided } of outcomes) if (decided !== undefined) decisions().decided(decided);
      for (const press of presses) outbox.wake(press);
      inbox.wakeAll(admitted, stored);
      for (const message of messages) outbox.wake(message);
      return presses.map(({ id }, index) => ({ id, text: outcomes[index]?.text ?? '' }));
    },
    readCursor: (scope) => store.read((tx) => readInboxCursor(tx, scope)),
    async acquire(channel, accountId) {
      const account = { channel, accountId };
      const claim = { owner: instanceId, liveness, nowMs: clock.now() };
      // While another worker holds it, this only reads.
      return (await store.read((tx) => isAccountFree(tx, account, claim))) && store.write((tx) => takeAccount(tx, account, claim));
    },
    release: (channel, accountId) => release((tx) => releaseAccount(tx, { channel, accountId }, instanceId)),
    releaseAll: () => release((tx) => releaseAccounts(tx, instanceId)),
    validForMs: () => liveness.validForMs(),
  };
}
