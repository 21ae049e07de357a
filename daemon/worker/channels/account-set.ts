/**
 * A channel that consists of accounts, created from the configuration in force and replaced when it changes. Each account is
 * isolated: an error that it throws stops only that account, which is recreated after a pause.
 */
import type { Clock } from '../../../shared/clock.js';
import type { ChannelStatus } from '../../../shared/api/gateway/status.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { sayOfChannel } from '../../../shared/text/sentences/channel.js';
import type { Channel, ChatFacts, Composition, Pace, ServedAccount } from './channel.js';
import type { ChannelHost } from './host.js';

export interface ChannelAccount extends ServedAccount {
  /** Returns at once; slow work continues in the background. */
  start(): void;
  /** Stops receiving and ends pending work. Sends in progress continue for a short time; this does not wait for them. */
  stop(): Promise<void>;
  health(): ChannelStatus;
}

/** The only way for an account to do background work. Errors thrown there are faults of the account. */
export interface Background {
  /** Its timers catch what their callbacks throw. */
  readonly clock: Clock;
  /** Resolves when the work has ended. Never rejects. */
  run(work: () => Promise<void>): Promise<void>;
}

export interface AccountChannelOptions<Settings> {
  readonly name: string;
  readonly clock: Clock;
  readonly logger: LogPort;
  /** The enabled accounts of the configuration in force. */
  settings(): Readonly<Record<string, Settings>>;
  create(account: AccountCreation<Settings>): ChannelAccount;
  /** Default: false. */
  isGroup?(chatId: string): boolean;
  /** Default: no limit. */
  paceOf?(chatId: string): Pace;
  /** See {@link Channel}. Default: every account has a receiver. */
  checkReceiver?(accountId: string): void;
  isIdempotent(settings: Settings | undefined, body?: string): boolean;
  compose(message: Composition): string[];
}

export interface AccountCreation<Settings> {
  readonly accountId: string;
  readonly settings: Settings;
  readonly host: ChannelHost;
  readonly background: Background;
  /** To be called when the account becomes ready after {@link ChannelAccount.start} has returned. */
  readonly onReady: () => void;
}

interface Running {
  readonly account: ChannelAccount;
  /** The settings from which it was created. */
  readonly text: string;
}

const DEFAULT_ACCOUNT = 'default';
const FIRST_RESTART_MS = 1_000;
const LAST_RESTART_MS = 300_000;
/** After this run time, the next fault starts with the first pause again. */
const STABLE_MS = 600_000;
const FAULT = sayOfChannel('account-fault');

/** Stands in for an account until it is recreated. */
function pausedAccount(stop: () => Promise<void>): ChannelAccount {
  return {
    start: () => undefined,
    stop,
    isReady: () => false,
    send: async () => ({ type: 'interrupted' }),
    openFile: async () => ({ type: 'failed', reason: FAULT }),
    health: () => ({ state: 'backoff', message: FAULT }),
  };
}

function backgroundOf(clock: Clock, onFault: (error: unknown) => void): Background {
  return {
    clock: {
      now: () => clock.now(),
      after: (delayMs, callback) =>
        clock.after(delayMs, () => {
          try {
            callback();
          } catch (error) {
            onFault(error);
          }
        }),
    },
    async run(work) {
      try {
        await work();
      } catch (error) {
        onFault(error);
      }
    },
  };
}

/** A channel whose work is done by its accounts. */
export class AccountChannel<Settings extends { readonly agentId?: string | undefined }> implements Channel {
  readonly name: string;
  readonly #options: AccountChannelOptions<Settings>;
  readonly #running = new Map<string, Running>();
  /** By account: the number of faults in quick succession, and the time of the last one. */
  readonly #faults = new Map<string, { readonly count: number; readonly atMs: number }>();
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

  checkReceiver(accountId: string): void {
    this.#options.checkReceiver?.(accountId);
  }

  compose(message: Composition): string[] {
    return this.#options.compose(message);
  }

  account(accountId: string): ChannelAccount | undefined {
    return this.#running.get(accountId)?.account;
  }

  isIdempotent(accountId: string, body?: string): boolean {
    return this.#options.isIdempotent(this.#settingsOf(accountId), body);
  }

  paceOf(chatId: string): Pace | undefined {
    return this.#options.paceOf?.(chatId);
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
        await this.#stop(name, account);
        this.#running.delete(name);
        await host?.intake.release(this.name, name);
      }),
    );
    if (host === undefined) return;
    for (const [name, settings] of wanted) if (!this.#running.has(name)) this.#begin({ name, settings, host });
  }

  /** Never rejects. */
  async #stop(accountId: string, account: ChannelAccount): Promise<void> {
    try {
      await account.stop();
    } catch (error) {
      this.#options.logger.error({ channel: this.name, accountId, err: error }, 'failed to stop an account');
    }
  }

  #begin({ name, settings, host }: { name: string; settings: Settings; host: ChannelHost }): void {
    const text = JSON.stringify(settings);
    const onReady = (): void => host.accountReady(this.name, name);
    let account: ChannelAccount | undefined;
    const onFault = (error: unknown): void => {
      this.#options.logger.error({ channel: this.name, accountId: name, err: error }, 'unexpected channel error');
      // An account that was stopped or replaced is not recreated.
      if (this.#running.get(name)?.account === account) this.#replaceLater(name, { account, text });
    };
    try {
      const background = backgroundOf(this.#options.clock, onFault);
      account = this.#options.create({ accountId: name, settings, host, background, onReady });
      this.#running.set(name, { account, text });
      account.start();
      if (account.isReady()) onReady();
    } catch (error) {
      onFault(error);
    }
  }

  /** Stops a failed account and recreates it after a pause, unless the configuration changes first. */
  #replaceLater(name: string, failed: { readonly account: ChannelAccount | undefined; readonly text: string }): void {
    const { clock } = this.#options;
    const stopped = failed.account === undefined ? Promise.resolve() : this.#stop(name, failed.account);
    const nowMs = clock.now();
    const before = this.#faults.get(name);
    const count = before === undefined || nowMs - before.atMs > STABLE_MS ? 1 : before.count + 1;
    this.#faults.set(name, { count, atMs: nowMs });
    const pauseMs = Math.min(FIRST_RESTART_MS * 2 ** Math.min(count - 1, 20), LAST_RESTART_MS);
    const cancel = clock.after(pauseMs, () => this.#makeAgain(name, paused));
    const paused = pausedAccount(() => {
      cancel();
      return stopped;
    });
    this.#running.set(name, { account: paused, text: failed.text });
  }

  #makeAgain(name: string, paused: ChannelAccount): void {
    this.#last = this.#last.then(async () => {
      if (this.#running.get(name)?.account !== paused) return;
      await paused.stop();
      this.#running.delete(name);
      await this.#apply();
    });
  }
}
