/** The channel `telegram`. The Telegram client is a bundle of its own, loaded when an account is configured. */
import { GatewayError } from '../../../../shared/errors.js';
import { AccountChannel, type AccountCreation, type ChannelAccount } from '../account-set.js';
import type { Channel, Composition } from '../channel.js';
import { enabledAccounts } from '../configured-accounts.js';
import type { TelegramAccountOptions } from './account.js';
import { isGroupId } from './chat-id.js';
import type { BotRequest } from './compose.js';
import { paceOf } from './pace.js';
import type { Deps } from '../../store/tasks/worker-deps.js';
import { botIdOf, type TelegramSettings } from './settings.js';

/** The exports of the bundle. */
export interface TelegramModule {
  createTelegramAccount(options: TelegramAccountOptions): ChannelAccount;
  /** @throws INVALID_REQUEST for a text without visible content, or one that is too long */
  composeTelegram(message: Composition): string[];
}

export interface TelegramChannelOptions extends Deps<'clock' | 'logger' | 'config'> {
  /** Loads the bundle. */
  readonly load: () => TelegramModule;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

const LOAD_FAILED = 'failed to load the Telegram bundle';

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
    openFile: async () => ({ type: 'failed', reason: message }),
    health: () => (isStarted ? { state: 'failed', message } : { state: 'off' }),
  };
}

function isEdit(body: string): boolean {
  try {
    return (JSON.parse(body) as BotRequest).method === 'editMessageText';
  } catch {
    return false;
  }
}

type OwnedSettings = TelegramSettings & { readonly owner: string | undefined };

/** Returns the other account with the same bot, or undefined: two accounts with one bot would take each other's updates. */
function ownerOf(settings: Readonly<Record<string, TelegramSettings>>, accountId: string): string | undefined {
  const botId = botIdOf(settings[accountId]?.botToken ?? '');
  const first = Object.keys(settings).find((name) => botIdOf(settings[name]?.botToken ?? '') === botId);
  return first === accountId ? undefined : first;
}

export function createTelegramChannel({ config, clock, logger, load, random }: TelegramChannelOptions): Channel {
  /** The owner of a bot is part of an account's settings: when it changes, the account is replaced. */
  const settings = (): Record<string, OwnedSettings> => {
    const accounts = enabledAccounts(config(), 'telegram');
    return Object.fromEntries(Object.entries(accounts).map(([name, account]) => [name, { ...account, owner: ownerOf(accounts, name) }]));
  };
  let loaded: TelegramModule | undefined;
  /** @throws UNAVAILABLE */
  function module(): TelegramModule {
    try {
      return (loaded ??= load());
    } catch (error) {
      logger.error({ err: error }, LOAD_FAILED);
      throw new GatewayError('UNAVAILABLE', { message: `${LOAD_FAILED}; is the build complete?`, cause: error });
    }
  }

  function createAccount({ accountId, settings: owned, host, background, onReady }: AccountCreation<OwnedSettings>): ChannelAccount {
    const { owner, ...account } = owned;
    if (owner !== undefined) return failedAccount(`it uses the same bot as the account '${owner}'`);
    const options: TelegramAccountOptions = {
      accountId,
      settings: account,
      background,
      logger,
      host,
      onReady,
      random,
    };
    try {
      return module().createTelegramAccount(options);
    } catch (error) {
      return failedAccount(error instanceof Error ? error.message : String(error));
    }
  }

  return new AccountChannel<OwnedSettings>({
    name: 'telegram',
    clock,
    logger,
    settings,
    create: createAccount,
    isGroup: isGroupId,
    paceOf,
    // The Bot API has no idempotency key, so it cannot drop a repeated message; an edit can be repeated.
    isIdempotent: (_settings, body) => body !== undefined && isEdit(body),
    compose: (message) => module().composeTelegram(message),
  });
}
