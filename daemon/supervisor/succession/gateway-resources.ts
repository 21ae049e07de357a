/**
 * What makes a process *the* gateway: the lock, the listening socket and the control socket. Acquired together at the
 * start or from a predecessor, handed over to a successor, and released at the end.
 */
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../shared/clock.js';
import { ensurePrivateDirectory } from '../../../shared/node/files/atomic-file.js';
import type { GatewayEnvironment } from '../../../shared/node/process/env.js';
import { type LockRecord, readLock } from '../../../shared/node/files/lock-record.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { readIdentity } from '../../../shared/node/process/process-identity.js';
import { sweepChildren } from '../../../shared/node/process/sweep-children.js';
import { finishRestores } from '../../../shared/node/files/restore-journal.js';
import { type ControlHandler, ControlServer } from '../control/control-server.js';
import { SocketKeeper } from '../socket/kept-socket.js';
import { type Address, adoptListenSocket, bindBeside, type ListenSocket } from '../socket/listen-socket.js';
import { acquireGatewayLock, type GatewayLock, type GatewayLockDeps, inheritLock, RENEW_MS } from '../lock/gateway-lock.js';
import { probeControl, refuseAlias } from '../lock/lock-holder.js';
import type { PredecessorLink } from './predecessor-link.js';

interface GatewayResourcesDeps {
  readonly paths: GatewayPaths;
  readonly clock: Clock;
  readonly log: Logger;
  /** The service manager keeps the listening socket while there is no supervisor. */
  readonly keepsSocket?: boolean | undefined;
  /** The identity of this gateway in its lock. */
  readonly record: Pick<LockRecord, 'instanceId' | 'createdAt' | 'version'>;
  /** Set for a successor. */
  readonly predecessor?: Predecessor | undefined;
}

/** The supervisor that a successor takes over from. */
export interface Predecessor extends Address {
  readonly link: Pick<PredecessorLink, 'isGone' | 'takeOver' | 'retire'>;
  /** Drain deadline of the predecessor's worker; undefined: the configured one. */
  readonly drainTimeoutMs?: number | undefined;
}

interface Acquisition {
  /** The configured address. */
  readonly address: Address;
  /** Whether a service manager passed sockets, and whether the socket is one that we stored ourselves. */
  readonly passed: Pick<GatewayEnvironment, 'listenFds' | 'isSocketKept'>;
  readonly handler: ControlHandler;
}

/**
 * Another start may take the lock after a successor's death and before we reclaim it. That start fails by itself, because we hold
 * the port.
 */
const TAKE_BACK = { tries: 50, pauseMs: 100 } as const;

export class GatewayResources {
  readonly #deps: GatewayResourcesDeps;
  readonly #keeper: SocketKeeper;
  #control: ControlServer | undefined;
  #lock: GatewayLock | undefined;
  #socket: ListenSocket | undefined;
  /** Bound by a successor before the hand-over when it listens on another address than its predecessor. */
  #prepared: ListenSocket | undefined;
  #noted: Partial<LockRecord> = {};
  #cancelRenewal: (() => void) | undefined;
  /** The predecessor's lock record at the hand-over. */
  #inherited: LockRecord | undefined;
  /** The successor is gone, and lock or control socket could not be taken back yet. */
  #isTakeBackDue = false;

  constructor(deps: GatewayResourcesDeps) {
    this.#deps = deps;
    this.#keeper = new SocketKeeper({ isOffered: deps.keepsSocket === true, log: deps.log });
  }

  /** @throws Error before a socket exists */
  get socket(): ListenSocket {
    if (this.#socket === undefined) throw new Error('the listening socket is not open yet');
    return this.#socket;
  }

  /** The listening socket that workers get from now on; undefined before a socket exists. */
  get openSocket(): ListenSocket | undefined {
    return this.#socket;
  }

  get isSuccessor(): boolean {
    return this.#deps.predecessor !== undefined;
  }

  /**
   * Acquires lock and sockets. A successor waits for {@link takeOver}; it only binds an address that its predecessor does not have, so
   * that a taken port ends the succession harmlessly.
   * @throws LOCK_HELD, PORT_TAKEN, CONFIG_INVALID, CONFLICT
   */
  async acquire({ address, passed, handler }: Acquisition): Promise<void> {
    const { paths, log, predecessor } = this.#deps;
    const onError = (error: Error): void => log.error({ err: error }, 'control socket');
    this.#control = new ControlServer({ path: paths.controlPath, handler, onError });
    if (predecessor === undefined) return this.#take(address, passed);
    if (address.host === predecessor.host && (address.port === 0 || address.port === predecessor.port)) return;
    this.#prepared = await bindBeside(predecessor, address);
  }

  /** Take the lock first, then the sockets. */
  async #take(address: Address, passed: Acquisition['passed']): Promise<void> {
    const { paths } = this.#deps;
    this.#lock = await acquireGatewayLock(paths, this.#record(address), this.#lockDependencies());
    await refuseAlias(paths, this.#lock.record, this.#lockDependencies());
    // A restore command looks for a gateway while holding this lock, so it has either seen ours or is done.
    await finishRestores(paths);
    this.use(this.#socket ?? this.#prepared ?? (await this.#keeper.open(address, passed)));
    await this.#control?.start();
    this.#renew();
  }

  /**
   * Called when a successor's first worker is ready. When the predecessor is gone, everything is acquired as at any start.
   * @throws SUCCESSION_FAILED, LOCK_HELD, PORT_TAKEN
   */
  async takeOver(): Promise<void> {
    const { paths, predecessor } = this.#deps;
    if (predecessor === undefined) return;
    const { link, host, port } = predecessor;
    const handed = await link.takeOver().catch((error: unknown) => {
      if (!link.isGone) throw error;
      this.#deps.log.warn({ err: error }, 'the predecessor has exited; starting without a hand-over');
    });
    if (handed === undefined) return this.#take(this.#prepared ?? { host, port }, { listenFds: 0 });
    const socket = this.#prepared ?? adoptListenSocket(handed.handle, { host: handed.host, origin: 'bound' });
    const left = readLock(paths.lockPath);
    this.#inherited = left;
    if (left !== undefined) this.updateLock({ predecessor: { pid: left.pid, startTime: left.startTime } });
    this.#lock = inheritLock(paths, this.#record(socket));
    this.use(socket);
    await this.#control?.start();
    this.#renew();
  }

  /**
   * Has the predecessor drain; resolves when it has quiesced. If it dies instead, its worker may be left stopped (SIGSTOP): that is
   * killed first.
   * @param drainTimeoutMs  where the succession was requested without one
   */
  async retirePredecessor(drainTimeoutMs: number): Promise<void> {
    const { predecessor } = this.#deps;
    await predecessor?.link.retire(predecessor.drainTimeoutMs ?? drainTimeoutMs);
    if (predecessor?.link.isGone === true && this.#inherited !== undefined) await sweepChildren(this.#inherited);
  }

  /** From now on the successor owns the lock and the control socket. */
  handOver(): void {
    this.#isTakeBackDue = false;
    this.#lock?.handOver();
    this.#control?.handOver();
  }

  /**
   * The successor died before it served. Failed steps are retried at each renewal.
   * @returns `lost` when another gateway has started meanwhile and answers @throws LOCK_HELD when it has the lock and does not answer
   */
  async takeBack(): Promise<'ours' | 'lost'> {
    this.#isTakeBackDue = true;
    for (let left: number = TAKE_BACK.tries; ; left -= 1) {
      try {
        await this.#lock?.takeBack(this.#lockDependencies());
        break;
      } catch (error) {
        if (left === 1 && (await probeControl(this.#deps.paths.controlPath)) !== undefined) return 'lost';
        if (left === 1) throw error;
        await delay(TAKE_BACK.pauseMs);
      }
    }
    await this.#control?.start();
    this.#isTakeBackDue = false;
    return 'ours';
  }

  /** From now on workers get this socket. */
  use(socket: ListenSocket): void {
    this.#socket = socket;
    this.updateLock({ host: socket.host, port: socket.port });
    void this.#keeper.keep(socket);
  }

  /** Kept until the lock exists: a successor's worker starts before the hand-over. */
  updateLock(patch: Partial<LockRecord>): void {
    this.#noted = { ...this.#noted, ...patch };
    this.#keepLock((lock) => lock.update(patch));
  }

  release(): void {
    this.#cancelRenewal?.();
    this.#control?.close();
    this.#socket?.close();
    this.#prepared?.close();
    this.#lock?.release();
  }

  /** Renews the lease for machines that share this home, and restores a lock or control socket that was deleted. */
  #renew(): void {
    const { clock, paths, log } = this.#deps;
    this.#cancelRenewal = clock.after(RENEW_MS, () => {
      this.#keepLock((lock) => {
        for (const path of [paths.lockDir, paths.stateDir]) ensurePrivateDirectory(path);
        lock.renew(clock.now());
      });
      this.#heal().catch((error: unknown) => log.error({ err: error }, 'failed to restore the control socket or the lock'));
      this.#renew();
    });
  }

  async #heal(): Promise<void> {
    if (process.platform !== 'win32') ensurePrivateDirectory(dirname(this.#deps.paths.controlPath));
    if (this.#isTakeBackDue) await this.takeBack();
    else await this.#control?.heal();
  }

  /** A full disk or a deleted directory must not end a running gateway: the next write tries again. */
  #keepLock(write: (lock: GatewayLock) => void): void {
    if (this.#lock === undefined) return;
    try {
      write(this.#lock);
    } catch (error) {
      this.#deps.log.error({ err: error }, 'failed to write the lock');
    }
  }

  #record({ host, port }: Address): LockRecord {
    const { configPath, controlPath, home, dataDir } = this.#deps.paths;
    return { ...readIdentity(), ...this.#deps.record, configPath, controlPath, home, dataDir, host, port, children: [], ...this.#noted };
  }

  #lockDependencies(): GatewayLockDeps {
    const { clock, log } = this.#deps;
    return {
      probe: probeControl,
      sweep: sweepChildren,
      pause: delay,
      now: () => clock.now(),
      log: (message, details) => log.warn(details, message),
    };
  }
}
