/**
 * What makes a process *the* gateway: the lock, the listening socket and the control socket, taken together at the
 * start or from a predecessor, handed to a successor, and given up at the end.
 */
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../shared/clock.js';
import { ensurePrivateDirectory } from '../../../shared/node/files/atomic-file.js';
import type { GatewayEnvironment } from '../../../shared/node/process/env.js';
import { isLockRecord, type LockRecord, readLock } from '../../../shared/node/files/lock-record.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { selfIdentity } from '../../../shared/node/process/process-identity.js';
import { finishRestores } from '../../../shared/node/files/restore-journal.js';
import type { ControlServer } from '../control/control-server.js';
import { SocketKeeper } from '../socket/kept-socket.js';
import { adoptListenSocket, bindListenSocket, type ListenSocket } from '../socket/listen-socket.js';
import { acquireGatewayLock, type GatewayLock, type GatewayLockDeps, inheritLock, RENEW_MS } from '../lock/gateway-lock.js';
import { probeControl, refuseSharedHome, sweepChildren } from '../lock/lock-holder.js';
import type { PredecessorLink } from './predecessor-link.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface HoldingsDeps {
  readonly paths: GatewayPaths;
  readonly control: ControlServer;
  readonly clock: Clock;
  readonly log: Logger;
  /** The service manager keeps the listening socket while there is no supervisor. */
  readonly keepsSocket?: boolean | undefined;
  /** What names this gateway in its lock. */
  readonly record: Pick<LockRecord, 'instanceId' | 'createdAt' | 'version'>;
  /** A socket is in force from now on. */
  onSocket(socket: ListenSocket): void;
}

/** Whom a successor takes over from. */
export interface Predecessor extends Address {
  readonly link: PredecessorLink;
  /** Of its worker, where it is not the configured one. */
  readonly drainTimeoutMs?: number | undefined;
}

/** Of the environment: whether sockets were passed, and whether it is one that we had kept ourselves. */
export type PassedSockets = Pick<GatewayEnvironment, 'listenFds' | 'isSocketKept'>;

/** A start that took the lock in the moment between a successor's death and our taking back ends by itself: the port is ours. */
const TAKE_BACK = { tries: 50, pauseMs: 100 } as const;

export class Holdings {
  readonly #deps: HoldingsDeps;
  readonly #keeper: SocketKeeper;
  #lock: GatewayLock | undefined;
  #socket: ListenSocket | undefined;
  #noted: Partial<LockRecord> = {};
  #cancelRenewal: (() => void) | undefined;
  /** What the predecessor's lock said when we took it over. */
  #inherited: LockRecord | undefined;

  constructor(deps: HoldingsDeps) {
    this.#deps = deps;
    this.#keeper = new SocketKeeper({ isOffered: deps.keepsSocket === true, log: deps.log });
  }

  /** @throws Error before there is one */
  get socket(): ListenSocket {
    if (this.#socket === undefined) throw new Error('the listening socket is not open yet');
    return this.#socket;
  }

  get address(): Address | undefined {
    return this.#socket;
  }

  /** The lock first, then the sockets. @param passed  what a service manager passed @throws LOCK_HELD, PORT_TAKEN, CONFIG_INVALID */
  async take(address: Address, passed: PassedSockets): Promise<void> {
    const { paths, control } = this.#deps;
    this.#lock = await acquireGatewayLock(paths.lockPath, this.#record(address), this.#lockDependencies());
    refuseSharedHome(paths, this.#lock.record);
    // A command that restores looks for a gateway under this lock: it has seen ours, or is done.
    await finishRestores(paths);
    this.use(this.#socket ?? (await this.#keeper.open(address, passed)));
    await control.start();
    this.#renew();
  }

  /** A successor binds early what its predecessor does not have, so that a taken port ends the succession harmlessly. */
  async prepare(wanted: Address, predecessors: Address): Promise<void> {
    if (wanted.host === predecessors.host && (wanted.port === 0 || wanted.port === predecessors.port)) return;
    this.#socket = await bindListenSocket(wanted.host, wanted.port);
  }

  /**
   * A successor's first worker is ready. A predecessor that is gone cannot hand over: its place is taken as at any start.
   * @throws SUCCESSION_FAILED, LOCK_HELD, PORT_TAKEN
   */
  async takeOver({ link, host, port }: Predecessor): Promise<void> {
    const handed = await link.takeOver().catch((error: unknown) => {
      if (!link.isGone) throw error;
      this.#deps.log.warn({ err: error }, 'taking its place without it');
    });
    if (handed === undefined) return this.take(this.#socket ?? { host, port }, { listenFds: 0 });
    const socket = this.#socket ?? adoptListenSocket(handed.handle, { host: handed.host, origin: 'bound' });
    const left = readLock(this.#deps.paths.lockPath);
    this.#inherited = isLockRecord(left) ? left : undefined;
    this.#lock = inheritLock(this.#deps.paths.lockPath, this.#record(socket));
    this.use(socket);
    await this.#deps.control.start();
    this.#renew();
  }

  /**
   * Has the predecessor drain. One that dies instead cannot end a worker that was stopped (SIGSTOP), nor can that end
   * itself: it is ended before `onQuiesced` is called.
   */
  retire({ link }: Predecessor, drainTimeoutMs: number, onQuiesced: () => void): void {
    link.retire(drainTimeoutMs, () => {
      if (!link.isGone || this.#inherited === undefined) return onQuiesced();
      void sweepChildren(this.#inherited).then(onQuiesced);
    });
  }

  /** The successor writes lock and control socket from now on. */
  handOver(): void {
    this.#lock?.handOver();
    this.#deps.control.handOver();
  }

  /**
   * The successor died before it served.
   * @returns `lost` when a gateway that came in between answers in our place @throws LOCK_HELD when one has the lock and does not
   */
  async takeBack(): Promise<'ours' | 'lost'> {
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
    await this.#deps.control.start();
    return 'ours';
  }

  use(socket: ListenSocket): void {
    this.#socket = socket;
    this.updateLock({ host: socket.host, port: socket.port });
    void this.#keeper.keep(socket);
    this.#deps.onSocket(socket);
  }

  /** A successor notes what it has before the lock is its own: its worker starts first. */
  updateLock(patch: Partial<LockRecord>): void {
    this.#noted = { ...this.#noted, ...patch };
    this.#keepLock((lock) => lock.update(patch));
  }

  release(): void {
    this.#cancelRenewal?.();
    this.#deps.control.close();
    this.#socket?.close();
    this.#lock?.release();
  }

  /** Machines that share this home judge us by the lock's age. What somebody has removed of ours comes back. */
  #renew(): void {
    const { clock, paths, log } = this.#deps;
    this.#cancelRenewal = clock.after(RENEW_MS, () => {
      this.#keepLock((lock) => {
        ensurePrivateDirectory(paths.lockDir);
        lock.renew(clock.now());
      });
      this.#healControl().catch((error: unknown) => log.error({ err: error }, 'the control socket cannot be put back'));
      this.#renew();
    });
  }

  async #healControl(): Promise<void> {
    const { control, paths } = this.#deps;
    if (process.platform !== 'win32') ensurePrivateDirectory(dirname(paths.controlPath));
    await control.heal();
  }

  /** A full disk or a directory that is gone must not end a gateway that serves: the next write tries again. */
  #keepLock(write: (lock: GatewayLock) => void): void {
    if (this.#lock === undefined) return;
    try {
      write(this.#lock);
    } catch (error) {
      this.#deps.log.error({ err: error }, 'the lock could not be written');
    }
  }

  #record({ host, port }: Address): LockRecord {
    const { configPath, controlPath, home } = this.#deps.paths;
    return { ...selfIdentity(), ...this.#deps.record, configPath, controlPath, home, host, port, children: [], ...this.#noted };
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
