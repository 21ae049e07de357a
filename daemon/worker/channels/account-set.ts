/** A channel of accounts: made from the configuration in force, started and stopped, replaced when it changes. */
import type { ChannelStatus } from '../../../shared/control/messages.js';
import type { Channel, Composition, Delivery, OpenedFile, Preview, PreviewTarget, SendOutcome } from './channel.js';
import type { ChannelHost } from './host.js';

/** One account of a channel. */
export interface ChannelAccount {
  /** Returns at once; what takes time goes on in the background. */
  start(): void;
  /** Takes nothing more in and ends what is under way. */
  stop(): Promise<void>;
  isReady(): boolean;
  /** Never rejects. */
  send(delivery: Delivery, signal: AbortSignal): Promise<SendOutcome>;
  openPreview?(target: PreviewTarget): Preview | undefined;
  openFile?(fileId: string, signal: AbortSignal): Promise<OpenedFile>;
  health(): ChannelStatus;
}

export interface AccountSetOptions<Settings> {
  readonly name: string;
  /** The enabled accounts of the configuration in force. */
  settings(): Readonly<Record<string, Settings>>;
  create(account: AccountCreation<Settings>): ChannelAccount;
}

export interface AccountCreation<Settings> {
  readonly accountId: string;
  readonly settings: Settings;
  readonly host: ChannelHost;
  /** Call when it has become ready later than {@link ChannelAccount.start}. */
  readonly onReady: () => void;
}

interface Running {
  readonly account: ChannelAccount;
  /** The settings that it was made from. */
  readonly text: string;
}

const DEFAULT_ACCOUNT = 'default';

class AccountSet<Settings> {
  readonly #options: AccountSetOptions<Settings>;
  readonly #running = new Map<string, Running>();
  /** Undefined unless started. */
  #host: ChannelHost | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(options: AccountSetOptions<Settings>) {
    this.#options = options;
  }

  /** @returns the account's name if it is set up; without a name the default one, or the only one */
  find(accountId: string | undefined): string | undefined {
    const settings = this.#options.settings();
    const names = Object.keys(settings);
    const wanted = accountId ?? (names.length === 1 ? names[0] : DEFAULT_ACCOUNT);
    return wanted !== undefined && Object.hasOwn(settings, wanted) ? wanted : undefined;
  }

  settingsOf(accountId: string): Settings | undefined {
    const settings = this.#options.settings();
    return Object.hasOwn(settings, accountId) ? settings[accountId] : undefined;
  }

  /** @returns the account if it is started */
  get(accountId: string): ChannelAccount | undefined {
    return this.#running.get(accountId)?.account;
  }

  start(host: ChannelHost): Promise<void> {
    this.#host = host;
    return this.reconfigure();
  }

  stop(): Promise<void> {
    this.#host = undefined;
    return this.reconfigure();
  }

  /** Stops what is no longer as configured, starts what is configured. One call after another. */
  reconfigure(): Promise<void> {
    this.#last = this.#last.then(() => this.#apply());
    return this.#last;
  }

  health(): Record<string, ChannelStatus> {
    const names = new Set([...Object.keys(this.#options.settings()), ...this.#running.keys()]);
    return Object.fromEntries([...names].map((name) => [name, this.#running.get(name)?.account.health() ?? { state: 'off' }]));
  }

  async #apply(): Promise<void> {
    const host = this.#host;
    const wanted = new Map(host === undefined ? [] : Object.entries(this.#options.settings()));
    const leaving = [...this.#running].filter(([name, { text }]) => {
      const settings = wanted.get(name);
      return settings === undefined || JSON.stringify(settings) !== text;
    });
    await Promise.all(
      leaving.map(async ([name, { account }]) => {
        await account.stop();
        this.#running.delete(name);
      }),
    );
    if (host === undefined) return;
    for (const [name, settings] of wanted) {
      if (this.#running.has(name)) continue;
      const onReady = (): void => host.accountReady(this.#options.name, name);
      const account = this.#options.create({ accountId: name, settings, host, onReady });
      this.#running.set(name, { account, text: JSON.stringify(settings) });
      account.start();
      if (account.isReady()) onReady();
    }
  }
}

export interface AccountChannelOptions<Settings> extends AccountSetOptions<Settings> {
  /** Default: false. */
  isGroup?(chatId: string): boolean;
  isIdempotent(settings: Settings | undefined): boolean;
  compose(message: Composition): string[];
}

/** Returns a channel whose work is done by its accounts. */
export function createAccountChannel<Settings extends { readonly agentId?: string | undefined }>(
  options: AccountChannelOptions<Settings>,
): Channel {
  const accounts = new AccountSet<Settings>(options);
  return {
    name: options.name,
    findAccount: (accountId) => accounts.find(accountId),
    describeChat: (accountId, chatId) => ({
      peerKind: options.isGroup?.(chatId) === true ? 'group' : 'direct',
      agentId: accounts.settingsOf(accountId)?.agentId,
    }),
    compose: (message) => options.compose(message),
    start: (host) => accounts.start(host),
    stop: () => accounts.stop(),
    reconfigure: () => accounts.reconfigure(),
    isReady: (accountId) => accounts.get(accountId)?.isReady() ?? false,
    isIdempotent: (accountId) => options.isIdempotent(accounts.settingsOf(accountId)),
    send: async (delivery, signal) => (await accounts.get(delivery.accountId)?.send(delivery, signal)) ?? { type: 'interrupted' },
    openPreview: (target) => accounts.get(target.accountId)?.openPreview?.(target),
    async openFile(accountId, fileId, signal) {
      const account = accounts.get(accountId);
      if (account === undefined) return { type: 'failed', reason: `its account '${accountId}' is not running` };
      return (await account.openFile?.(fileId, signal)) ?? { type: 'missing', reason: `nothing is attached in '${options.name}'` };
    },
    health: () => accounts.health(),
  };
}
