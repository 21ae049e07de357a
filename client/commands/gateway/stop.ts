import { INTERRUPTED_EXIT_CODE } from '../../../shared/exit-codes.js';
import { existsSync } from 'node:fs';
import { Command, Option } from 'clipanion';
import type { CutWork, StopResult } from '../../../shared/control/messages.js';
import { listGatewayLocks } from '../../../shared/node/files/gateway-locks.js';
import type { LockRecord } from '../../../shared/node/files/lock-record.js';
import { pathWord } from '../../../shared/node/path-word.js';
import { isSameProcess } from '../../../shared/node/process/process-identity.js';
import { BaseCommand } from '../../cli/base-command.js';
import { callControl, stopDeadlines } from '../../gateway/control-client.js';
import { waitUntilGone } from '../../gateway/end/end-process.js';
import { readProvenLock, requireProven } from '../../gateway/end/kill-gateway.js';
import { requestStop } from '../../gateway/end/request-stop.js';
import type { Roused } from '../../gateway/end/rouse-gateway.js';
import { locateGateway, unavailableError, type AnsweringGateway } from '../../gateway/locate-gateway.js';
import { refuseAlias } from '../../gateway/start-checks.js';
import { parseTimeout } from '../../cli/parse-options.js';
import { formatSeconds } from '../../output/duration.js';
import { awaitStarting } from '../../gateway/wait-ready.js';
import { recordOf } from '../../service/files/install-record.js';

/** A working gateway exits within 100 ms after `--force`. */
const FORCE_LIMIT_MS = 400;

function describeInterrupted(cut: CutWork): string | undefined {
  const parts = (['requests', 'streams', 'sockets'] as const)
    .filter((kind) => cut[kind] > 0)
    .map((kind) => `${cut[kind]} ${cut[kind] === 1 ? kind.slice(0, -1) : kind}`);
  return parts.length === 0 ? undefined : `interrupted: ${parts.join(', ')}`;
}

export class StopCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'Stop the gateway, after it has finished the work in progress.',
    details: `
      Returns when the process is gone. Work that does not finish within the drain time is interrupted, and the command reports it.
      Ctrl-C ends the drain early, a second one stops waiting. A gateway that does not answer is killed one second after the drain
      time; with --force any is killed at once. Stopping a stopped gateway succeeds.
    `,
    examples: [
      ['Stop it', 'xopc gateway stop'],
      ['Give running work half a second', 'xopc gateway stop --timeout 500'],
      ['End it at once', 'xopc gateway stop --force'],
    ],
  });

  readonly timeout = Option.String('--timeout', { description: 'Drain time in milliseconds, instead of `gateway.drainTimeoutMs`.' });
  readonly force = Option.Boolean('--force', false, {
    description: 'Interrupt running work and end the gateway at once, also one that does not answer.',
  });

  /** Drain time in milliseconds, 0 after Ctrl-C; undefined: the configured one. */
  #timeoutMs: number | undefined;
  /** Tells a service manager not to start the gateway again; not called if the gateway is left running. */
  #suspend: () => Promise<void> = () => Promise.resolve();

  protected async run(): Promise<number> {
    this.#timeoutMs = parseTimeout(this.timeout);
    this.io.findPaths();
    const paths = this.io.gatewayPaths;
    if (recordOf(paths) === undefined) return this.#stopWhatRuns();
    const stop = (suspend: () => Promise<void>): Promise<number> => {
      this.#suspend = suspend;
      return this.#stopWhatRuns();
    };
    return this.context.runtime.loadTools().stayStopped({ paths, note: (text) => this.io.note(text), stop });
  }

  async #stopWhatRuns(): Promise<number> {
    const lock = this.force ? readProvenLock(this.io.gatewayPaths.lockPath) : undefined;
    if (lock !== undefined) return this.#forceEnd(lock);
    // A gateway that has the lock and no control socket yet has one in a moment.
    const location = await awaitStarting(this.io.gatewayPaths, await locateGateway(this.io.gatewayPaths));
    switch (location.kind) {
      case 'answers':
        return this.#stop(location);
      case 'silent':
        if (location.lock === undefined) break;
        return this.#endSilent(location.lock);
      case 'absent':
        await refuseAlias(this.io.gatewayPaths, {
          what: 'Stop it with',
          command: this.force ? 'xopc gateway stop --force' : 'xopc gateway stop',
        });
        await this.#suspend();
        return this.#cleanUp(location.lock, () => this.#reportStopped(location.lock));
      default:
    }
    throw unavailableError(location);
  }

  async #reportStopped(dead: LockRecord | undefined): Promise<number> {
    const died = dead === undefined ? '.' : `; process ${dead.pid} died.`;
    if (this.json) await this.io.printJson({ stopped: true, wasRunning: false });
    else await this.io.note(`The gateway is not running${died}`);
    await this.#noteNamesake();
    return 0;
  }

  /**
   * Names a gateway that still runs under the old path of a moved home. It is recognised by its port; a gateway of this home on that port
   * is that of another configuration.
   */
  async #noteNamesake(): Promise<void> {
    const { gatewayPaths: paths, environment } = this.io;
    const others = listGatewayLocks(paths).filter(({ lockPath, record }) => lockPath !== paths.lockPath && isSameProcess(record));
    if (others.length === 0) return;
    const { readListenSettings } = await import('../../gateway/gateway-settings.js');
    let port: number;
    try {
      ({ port } = readListenSettings(paths, environment));
    } catch {
      return; // a configuration that cannot be read names no port
    }
    // As they were given: the old path may be a link to the new one.
    for (const { record } of others.filter((other) => other.record.port === port && other.record.home !== paths.home)) {
      const { pid, configPath } = record;
      await this.io.note(
        `  Port ${port} is held by the gateway that runs as ${configPath} (pid ${pid}). Stop it with: xopc gateway stop --config ${pathWord(configPath)}`,
      );
    }
  }

  /** Asks a gateway to exit at once, and kills it if it has not exited a moment later. */
  async #forceEnd(lock: LockRecord): Promise<number> {
    await this.#suspend();
    const waiting = new AbortController();
    const request = { type: 'stop', force: true } as const;
    const answer = callControl(lock.controlPath, request, { deadlines: stopDeadlines(0), signal: waiting.signal }).catch(() => undefined);
    const isGone = await waitUntilGone([lock], FORCE_LIMIT_MS);
    if (!isGone) waiting.abort();
    const result = await answer;
    return isGone ? this.#cleanUp(lock, () => this.#report(lock.pid, result)) : this.#kill(lock);
  }

  /** Ends a gateway that does not answer: by signals, and when it neither ends nor answers in the drain time, by SIGKILL. */
  async #endSilent(lock: LockRecord): Promise<number> {
    requireProven(lock);
    await this.#suspend();
    return this.#endRoused(lock, await this.#rouse(lock, ['SIGCONT', 'SIGTERM']));
  }

  #rouse(lock: LockRecord, signals: readonly NodeJS.Signals[], signal?: AbortSignal): Promise<Roused> {
    const note = (text: string): Promise<void> => this.io.note(text);
    const options = { paths: this.io.gatewayPaths, signals, timeoutMs: this.#timeoutMs, note, signal };
    return this.context.runtime.loadTools().rouseGateway(lock, options);
  }

  #endRoused(lock: LockRecord, outcome: Roused): Promise<number> {
    if (outcome === 'silent') return this.#kill(lock);
    return outcome === 'answers' ? this.#stopWhatRuns() : this.#cleanUp(lock, () => this.#report(lock.pid, undefined));
  }

  async #kill(lock: LockRecord): Promise<number> {
    const { pid } = lock;
    await this.context.runtime.loadTools().killGateway(lock, this.io.gatewayPaths.lockPath);
    const report = (): Promise<number> =>
      this.printResult({ stopped: true, wasRunning: true, killed: true, pid }, `Gateway killed (pid ${pid}).`);
    return this.#cleanUp(lock, report);
  }

  /**
   * Removes what a gateway left that has ended, then reports. If its predecessor runs in its place, stops that instead; each is older than
   * the one before.
   */
  async #cleanUp(dead: LockRecord | undefined, report: () => Promise<number>): Promise<number> {
    const { gatewayPaths: paths } = this.io;
    const isLeft = dead !== undefined && existsSync(paths.lockPath);
    const heir = isLeft ? await this.context.runtime.loadTools().reclaimLock(paths, dead) : undefined;
    return heir === undefined ? report() : this.#stopWhatRuns();
  }

  async #stop(gateway: AnsweringGateway): Promise<number> {
    await this.#suspend();
    const waiting = new AbortController();
    let interrupts = 0;
    const release = this.context.runtime.onInterrupt(() => {
      interrupts += 1;
      if (interrupts > 1) return waiting.abort();
      this.#timeoutMs = 0;
      void this.io.note('Ending the drain early; Ctrl-C again to stop waiting.');
      const request = { type: 'stop', timeoutMs: 0 } as const;
      callControl(gateway.controlPath, request, { deadlines: stopDeadlines(0), signal: waiting.signal }).catch(() => undefined);
    });
    let next: () => Promise<number>;
    try {
      const onProgress = ({ message }: { message: string }): void => void this.io.note(`Stopping: ${message}`);
      const options = { paths: this.io.gatewayPaths, timeoutMs: this.#timeoutMs, force: this.force, onProgress, signal: waiting.signal };
      const outcome = await requestStop(gateway, options);
      if (outcome.kind === 'silent') {
        // The stop was already requested, so a SIGTERM now would shorten the drain.
        const roused = await this.#rouse(outcome.lock, ['SIGCONT'], waiting.signal);
        next = () => this.#endRoused(outcome.lock, roused);
      } else {
        const { heir, result } = outcome;
        next = () => (heir === undefined ? this.#report(gateway.status.pid, result) : this.#stop(heir));
      }
    } catch (error) {
      if (!waiting.signal.aborted) throw error;
      await this.io.note('Not waiting any longer; the gateway continues to stop.');
      return INTERRUPTED_EXIT_CODE;
    } finally {
      release();
    }
    return next();
  }

  #report(pid: number, result: StopResult | undefined): Promise<number> {
    const cut = result === undefined ? undefined : describeInterrupted(result.cut);
    const time = result === undefined ? '' : ` in ${formatSeconds(result.durationMs)}`;
    const text = `Gateway stopped (pid ${pid})${time}${cut === undefined ? '' : `; ${cut}`}.`;
    return this.printResult({ wasRunning: true, pid, ...(result ?? { stopped: true }) }, text);
  }
}
