/** A channel of accounts, which are made from the configuration in force and replaced when it changes. */
import type { ChannelStatus } from '../../../shared/control/messages.js';
import type { Channel, ChatFacts, Composition, Delivery, OpenedFile, Preview, PreviewTarget, SendOutcome } from './channel.js';
import type { ChannelHost } from './host.js';

export interface ChannelAccount {
  /** Returns at once; slow work continues in the background. */
  start(): void;
  /** Receives nothing more and ends pending work. */
  stop(): Promise<void>;
  isReady(): boolean;
  /** Never rejects. */
  send(delivery: Delivery, signal: AbortSignal): Promise<SendOutcome>;
  openPreview?(target: PreviewTarget): Preview | undefined;
  openFile?(fileId: string, signal: AbortSignal): Promise<OpenedFile>;
  health(): ChannelStatus;
}

export interface AccountChannelOptions<Settings> {
  readonly name: string;
  /** The enabled accounts of the configuration in force. */
  settings(): Readonly<Record<string, Settings>>;
  create(account: AccountCreation<Settings>): ChannelAccount;
  /** Default: false. */
  isGroup?(chatId: string): boolean;
  isIdempotent(settings: Settings | undefined): boolean;
  compose(message: Composition): string[];
}

export interface AccountCreation<Settings> {
  readonly accountId: string;
  readonly settings: Settings;
  readonly host: ChannelHost;
  /** To be called when the account becomes ready after {@link ChannelAccount.start} has returned. */
  readonly onReady: () => void;
}

interface Running {
  readonly account: ChannelAccount;
  /** The settings that it was made from. */
  readonly text: string;
}

const DEFAULT_ACCOUNT = 'default';

/** A channel whose work is done by its accounts. */
export class AccountChannel<Settings extends { readonly agentId?: string | undefined }> implements Channel {
  readonly name: string;
  readonly #options: AccountChannelOptions<Settings>;
  readonly #running = new Map<string, Running>();
  /** Undefined unless started. */
  #host: ChannelHost | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(options: AccountChannelOptions<Settings>) {
    this.name = options.name;
    this.#options = options;
  }

  /** Returns the account's name if it is configured; without a name, the default account or the only one. */
  findAccount(accountId: string | undefined): string | undefined {
    const settings = this.#options.settings();
    const names = Object.keys(settings);
    const wanted = accountId ?? (names.length === 1 ? names[0] : DEFAULT_ACCOUNT);
    return wanted !== undefined && Object.hasOwn(settings, wanted) ? wanted : undefined;
  }

  #settingsOf(accountId: string): Settings | undefined {
    const settings = this.#options.settings();
    return Object.hasOwn(settings, accountId) ? settings[accountId] : undefined;
  }

  describeChat(accountId: string, chatId: string): ChatFacts {
    const isGroup = this.#options.isGroup?.(chatId) === true;
    return { peerKind: isGroup ? 'group' : 'direct', agentId: this.#settingsOf(accountId)?.agentId };
  }

  compose(message: Composition): string[] {
    return this.#options.compose(message);
  }

  isReady(accountId: string): boolean {
    return this.#account(accountId)?.isReady() ?? false;
  }

  isIdempotent(accountId: string): boolean {
    return this.#options.isIdempotent(this.#settingsOf(accountId));
  }

  async send(delivery: Delivery, signal: AbortSignal): Promise<SendOutcome> {
    return (await this.#account(delivery.accountId)?.send(delivery, signal)) ?? { type: 'interrupted' };
  }

  openPreview(target: PreviewTarget): Preview | undefined {
    return this.#account(target.accountId)?.openPreview?.(target);
  }

  async openFile(accountId: string, fileId: string, signal: AbortSignal): Promise<OpenedFile> {
    const account = this.#account(accountId);
    if (account === undefined) return { type: 'failed', reason: `its account '${accountId}' is not running` };
    return (await account.openFile?.(fileId, signal)) ?? { type: 'missing', reason: `nothing is attached in '${this.name}'` };
  }

  #account(accountId: string): ChannelAccount | undefined {
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

  /** Stops accounts whose settings have changed and starts the configured ones. Calls run one after another. */
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
      const onReady = (): void => host.accountReady(this.name, name);
      const account = this.#options.create({ accountId: name, settings, host, onReady });
      this.#running.set(name, { account, text: JSON.stringify(settings) });
      account.start();
      if (account.isReady()) onReady();
    }
  }
}
