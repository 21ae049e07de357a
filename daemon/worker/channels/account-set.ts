/** The accounts of one channel: made from the configuration in force, started and stopped, replaced when it changes. */
import type { ChannelStatus } from '../../../shared/control/messages.js';
import type { Delivery, OpenedFile, Preview, PreviewTarget, SendOutcome } from './channel.js';

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
  /** The enabled accounts of the configuration in force. */
  settings(): Readonly<Record<string, Settings>>;
  /** @param onReady  to be called when it has become ready later than {@link ChannelAccount.start} */
  create(accountId: string, settings: Settings, onReady: () => void): ChannelAccount;
  /** An account has become ready: what waits for it can be sent. */
  onReady(accountId: string): void;
}

interface Running {
  readonly account: ChannelAccount;
  /** The settings that it was made from. */
  readonly text: string;
}

const DEFAULT_ACCOUNT = 'default';

export class AccountSet<Settings> {
  readonly #options: AccountSetOptions<Settings>;
  readonly #running = new Map<string, Running>();
  #isStarted = false;
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

  start(): Promise<void> {
    this.#isStarted = true;
    return this.reconfigure();
  }

  stop(): Promise<void> {
    this.#isStarted = false;
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
    const wanted = new Map(this.#isStarted ? Object.entries(this.#options.settings()) : []);
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
    for (const [name, settings] of wanted) {
      if (this.#running.has(name)) continue;
      const onReady = (): void => this.#options.onReady(name);
      const account = this.#options.create(name, settings, onReady);
      this.#running.set(name, { account, text: JSON.stringify(settings) });
      account.start();
      if (account.isReady()) onReady();
    }
  }
}
