/**
 * Distributes channel accounts among the gateways on a database: a worker that serves at least two more than another gateway's
 * worker gives it one (`findMove`). An account that cannot be served here is released, so that another worker takes it.
 */
import type { ChannelRegistry } from '../../channels/registry.js';
import { type AccountName, findMove, listAccounts, moveAccount, releaseAccount } from '../../store/delivery/account-leases.js';
import { StoreWait } from '../../store/store-wait.js';
import type { Deps } from '../../store/tasks/worker-deps.js';

export interface AccountSpreadOptions extends Deps<'store' | 'clock' | 'logger' | 'instanceId' | 'liveness'> {
  readonly channels: Pick<ChannelRegistry, 'canServe' | 'handOver'>;
}

const LOOK_MS = 3_000;

export class AccountSpread {
  readonly #options: AccountSpreadOptions;
  readonly #wait: StoreWait;
  #looking: Promise<void> = Promise.resolve();
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: AccountSpreadOptions) {
    this.#options = options;
    this.#wait = new StoreWait(options, 'failed to distribute the accounts among the gateways; retrying');
  }

  start(): void {
    this.#lookLater(LOOK_MS);
  }

  /** Resolves when no more accounts are being moved. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#looking;
  }

  #lookLater(delayMs: number): void {
    const isAlone = this.#options.liveness.lookAgainMs(delayMs) === undefined;
    if (this.#isStopped || isAlone) return;
    this.#cancel = this.#options.clock.after(delayMs, () => {
      this.#looking = this.#look();
    });
  }

  async #look(): Promise<void> {
    let waitMs = LOOK_MS;
    try {
      await this.#giveUpFailed();
      while (!this.#isStopped && (await this.#giveOne())) this.#wait.succeeded();
      this.#wait.succeeded();
    } catch (error) {
      waitMs = this.#wait.failed(error);
    }
    this.#lookLater(waitMs);
  }

  async #giveUpFailed(): Promise<void> {
    const { store, instanceId, channels } = this.#options;
    const isFailed = (account: AccountName): boolean => !channels.canServe(account);
    const failed = (await store.read((tx) => listAccounts(tx, instanceId))).filter(isFailed);
    if (failed.length === 0) return;
    await store.write(async (tx) => {
      for (const account of failed.filter(isFailed)) await releaseAccount(tx, account, instanceId);
    });
  }

  /** @returns whether there may be more to move */
  async #giveOne(): Promise<boolean> {
    const { store, clock, logger, instanceId: owner, liveness, channels } = this.#options;
    const move = await store.read((tx) => findMove(tx, { owner, liveness }));
    if (move === undefined) return false;
    const { account } = move;
    const isMoved = await channels.handOver(account, () =>
      store.write((tx) => moveAccount(tx, account, { owner, liveness, nowMs: clock.now() })),
    );
    if (isMoved) logger.info({ ...account }, 'another gateway serves this account from now on, because it has fewer');
    return isMoved;
  }
}
