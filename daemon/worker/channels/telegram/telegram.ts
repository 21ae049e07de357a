/** The channel `telegram`. What speaks to Telegram is a bundle of its own, loaded when an account is configured. */
import type { Clock } from '../../../../shared/clock.js';
import type { Config } from '../../../../shared/config/schema.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { AccountSet, type ChannelAccount } from '../account-set.js';
import type { Channel } from '../channel.js';
import type { ChannelIntake } from '../intake.js';
import type { TelegramAccountOptions } from './account.js';
import { composeTelegram, isGroupId } from './compose.js';
import { botIdOf, type TelegramSettings, telegramSettings } from './settings.js';

/** What the bundle exports. */
export interface TelegramModule {
  createTelegramAccount(options: TelegramAccountOptions): ChannelAccount;
}

export interface TelegramChannelOptions {
  /** The configuration in force. */
  config(): Config;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly intake: ChannelIntake;
  /** What the gateway itself understands in a chat. */
  commands(): readonly { readonly name: string; readonly summary: string }[];
  /** Loads the bundle. */
  load(): TelegramModule;
  onReady(accountId: string): void;
  /** 0 ≤ x < 1. */
  random(): number;
  readonly pollSeconds?: number;
}

/** An account that cannot be used until the configuration changes. */
function failedAccount(message: string): ChannelAccount {
  let isStarted = false;
  return {
    start: () => void (isStarted = true),
    async stop() {
      isStarted = false;
    },
    isReady: () => false,
    send: async () => ({ type: 'interrupted' }),
    health: () => (isStarted ? { state: 'failed', message } : { state: 'off' }),
  };
}

type OwnedSettings = TelegramSettings & { readonly owner: string | undefined };

/** Two accounts with one bot would take each other's updates. @returns the account that has the bot already */
function ownerOf(settings: Readonly<Record<string, TelegramSettings>>, accountId: string): string | undefined {
  const botId = botIdOf(settings[accountId]?.botToken ?? '');
  const first = Object.keys(settings).find((name) => botIdOf(settings[name]?.botToken ?? '') === botId);
  return first === accountId ? undefined : first;
}

export function createTelegramChannel(options: TelegramChannelOptions): Channel {
  const { clock, logger, intake, pollSeconds } = options;
  /** Whose bot it is belongs to an account's settings: when that changes, the account begins anew. */
  const settings = (): Record<string, OwnedSettings> => {
    const accounts = telegramSettings(options.config());
    return Object.fromEntries(Object.entries(accounts).map(([name, account]) => [name, { ...account, owner: ownerOf(accounts, name) }]));
  };
  let module: TelegramModule | undefined;

  function createAccount(accountId: string, { owner, ...account }: OwnedSettings, onReady: () => void): ChannelAccount {
    if (owner !== undefined) return failedAccount(`it has the same bot as the account '${owner}'`);
    try {
      module ??= options.load();
    } catch (error) {
      logger.error({ err: error }, 'the part of the gateway that speaks to Telegram does not load');
      return failedAccount('the part of the gateway that speaks to Telegram does not load; is the build complete?');
    }
    const random = (): number => options.random();
    return module.createTelegramAccount({
      accountId,
      settings: account,
      clock,
      logger,
      intake,
      commands: () => options.commands(),
      onReady,
      random,
      ...(pollSeconds === undefined ? {} : { pollSeconds }),
    });
  }

  const accounts = new AccountSet<OwnedSettings>({
    settings,
    create: createAccount,
    onReady: (accountId) => options.onReady(accountId),
  });
  return {
    name: 'telegram',
    findAccount: (accountId) => accounts.find(accountId),
    describeChat: (accountId, chatId) => ({
      peerKind: isGroupId(chatId) ? 'group' : 'direct',
      agentId: accounts.settingsOf(accountId)?.agentId,
    }),
    compose: (message) => composeTelegram(message),
    start: () => accounts.start(),
    stop: () => accounts.stop(),
    reconfigure: () => accounts.reconfigure(),
    isReady: (accountId) => accounts.get(accountId)?.isReady() ?? false,
    // The Bot API has no key by which it would drop a repetition.
    isIdempotent: () => false,
    send: async (delivery, signal) => (await accounts.get(delivery.accountId)?.send(delivery, signal)) ?? { type: 'interrupted' },
    openPreview: (target) => accounts.get(target.accountId)?.openPreview?.(target),
    openFile: async (accountId, fileId, signal) =>
      (await accounts.get(accountId)?.openFile?.(fileId, signal)) ?? {
        type: 'failed',
        reason: `its account '${accountId}' is not running`,
      },
    health: () => accounts.health(),
  };
}
