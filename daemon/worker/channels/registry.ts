/** The channels of this gateway, by name. */
import type { ChannelStatus } from '../../../shared/api/gateway/status.js';
import { GatewayError } from '../../../shared/errors.js';
import { listNames } from '../../../shared/text/list-names.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import { sayOfChannel } from '../../../shared/text/sentences/channel.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import type { Channel, Composition, Delivery, OpenedFile, Pace, Preview, PreviewTarget, SendOutcome, ServedAccount } from './channel.js';
import type { DisabledAccount } from './configured-accounts.js';
import type { FileRef } from './file-links.js';
import type { ChannelHost } from './host.js';

type AccountName = Pick<Delivery, 'accountId'> & { readonly channel: string };

const DEFAULT_ACCOUNT = 'default';

/** Returns the name of an account in `status`: `telegram:personal`, or just `webhook` for the default account. */
export function accountLabel(channel: string, accountId: string): string {
  return accountId === DEFAULT_ACCOUNT ? channel : `${channel}:${accountId}`;
}

export class ChannelRegistry {
  readonly #channels: ReadonlyMap<string, Channel>;
  readonly #disabled: () => readonly DisabledAccount[];

  constructor(channels: readonly Channel[], disabled: () => readonly DisabledAccount[] = () => []) {
    this.#channels = new Map(channels.map((channel) => [channel.name, channel]));
    this.#disabled = disabled;
  }

  /** @throws CHANNEL_NOT_FOUND */
  get(name: string): Channel {
    const channel = this.#channels.get(name);
    if (channel !== undefined) return channel;
    throw new GatewayError('CHANNEL_NOT_FOUND', {
      message: sayOfAnswer('no-channel', { channel: name }),
      details: { channel: name },
      hint: `Channels of this gateway: ${[...this.#channels.keys()].join(', ')}.`,
    });
  }

  /** @throws CHANNEL_NOT_FOUND for a channel or account that is not configured or is disabled */
  getAccount(name: string, accountId: string | undefined): { channel: Channel; accountId: string } {
    const channel = this.get(name);
    const account = channel.findAccount(accountId);
    if (account !== undefined) return { channel, accountId: account };
    const known = Object.keys(channel.health());
    this.#mustNotBeDisabled({ name, accountId, known });
    throw new GatewayError('CHANNEL_NOT_FOUND', {
      message:
        accountId === undefined && known.length > 0
          ? sayOfAnswer('no-default-account', { channel: name })
          : sayOfAnswer('no-account', { channel: name, account: accountId ?? DEFAULT_ACCOUNT }),
      details: { channel: name, accountId: accountId ?? null },
      hint:
        known.length > 0
          ? `Name one of its accounts: ${listNames(known)}.`
          : `Set one up in the configuration: channels.${name}.accounts${name === 'telegram' ? ', or with: xopc channels add telegram' : '.'}`,
    });
  }

  /** @throws CHANNEL_NOT_FOUND for an account that is configured but disabled */
  #mustNotBeDisabled({ name, accountId, known }: { name: string; accountId: string | undefined; known: readonly string[] }): void {
    const disabled = this.#disabled().filter(({ channel }) => channel === name);
    const [only] = known.length + disabled.length === 1 ? disabled : [];
    const wanted = accountId ?? only?.accountId ?? DEFAULT_ACCOUNT;
    const found = disabled.find((account) => account.accountId === wanted);
    if (found === undefined) return;
    throw new GatewayError('CHANNEL_NOT_FOUND', {
      message: sayOfAnswer('account-disabled', { channel: name, account: wanted, key: found.key }),
      details: { channel: name, accountId: wanted },
      hint: `Enable it with: ${shellCommand`xopc config set ${found.key} true`}`,
    });
  }

  /** Returns the account to use if none is named; undefined if there is no such account. */
  defaultAccount(name: string): string | undefined {
    return this.#channels.get(name)?.findAccount(undefined);
  }

  async start(host: ChannelHost): Promise<void> {
    await Promise.all([...this.#channels.values()].map((channel) => channel.start(host)));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#channels.values()].map((channel) => channel.stop()));
  }

  async reconfigure(): Promise<void> {
    await Promise.all([...this.#channels.values()].map((channel) => channel.reconfigure()));
  }

  #account({ channel, accountId }: AccountName): ServedAccount | undefined {
    return this.#channels.get(channel)?.account(accountId);
  }

  isConfigured(channel: string, accountId: string): boolean {
    return this.#channels.get(channel)?.findAccount(accountId) === accountId;
  }

  isReady(channel: string, accountId: string): boolean {
    return this.#account({ channel, accountId })?.isReady() ?? false;
  }

  /** Returns the accounts that this worker serves, or would serve if it had their lease. */
  servable(): AccountName[] {
    return this.accounts().filter((account) => this.canServe(account));
  }

  canServe(name: AccountName): boolean {
    const account = this.#account(name);
    return account?.canServe?.() ?? account?.isReady() ?? false;
  }

  handOver(name: AccountName, move: () => Promise<boolean>): Promise<boolean> {
    return this.#account(name)?.handOver?.(move) ?? move();
  }

  /** False for an account that is no longer configured: its receiver may show a repeated message twice. */
  isIdempotent(channel: string, accountId: string, body?: string): boolean {
    return this.#channels.get(channel)?.isIdempotent(accountId, body) ?? false;
  }

  paceOf(channel: string, chatId: string): Pace | undefined {
    return this.#channels.get(channel)?.paceOf?.(chatId);
  }

  /** @throws CHANNEL_NOT_FOUND; INVALID_REQUEST */
  compose(channel: string, message: Composition): string[] {
    return this.get(channel).compose(message);
  }

  async send(channel: string, delivery: Delivery, signal: AbortSignal): Promise<SendOutcome> {
    return this.get(channel).account(delivery.accountId)?.send(delivery, signal) ?? { type: 'interrupted' };
  }

  openPreview(channel: string, target: PreviewTarget): Preview | undefined {
    return this.#account({ channel, accountId: target.accountId })?.openPreview?.(target);
  }

  /** @throws CHANNEL_NOT_FOUND */
  async openFile({ channel: name, accountId: wanted, fileId }: FileRef, signal: AbortSignal): Promise<OpenedFile> {
    const { channel, accountId } = this.getAccount(name, wanted);
    const account = channel.account(accountId);
    if (account === undefined) return { type: 'failed', reason: sayOfChannel('account-not-running', { account: accountId }) };
    return (await account.openFile?.(fileId, signal)) ?? { type: 'missing', reason: `nothing is attached in '${name}'` };
  }

  /** Every account of every channel, also those that are not started. */
  accounts(): { channel: string; accountId: string; status: ChannelStatus }[] {
    return [...this.#channels.values()].flatMap((channel) =>
      Object.entries(channel.health()).map(([accountId, status]) => ({ channel: channel.name, accountId, status })),
    );
  }

  /** Every account by its label. */
  health(): Record<string, ChannelStatus> {
    return Object.fromEntries(this.accounts().map(({ channel, accountId, status }) => [accountLabel(channel, accountId), status]));
  }
}
