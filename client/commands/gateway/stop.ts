import { INTERRUPTED_EXIT_CODE } from '../../../shared/exit-codes.js';
import { setTimeout as pause } from 'node:timers/promises';
import { Command, Option } from 'clipanion';
import type { CutWork, StopResult } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import { isLockRecord, readLock } from '../../../shared/node/files/lock-record.js';
import { readStartTime } from '../../../shared/node/process/process-identity.js';
import { definedFields } from '../../cli/defined-fields.js';
import { BaseCommand } from '../../cli/base-command.js';
import { callControl, hasLeft } from '../../gateway/control-client.js';
import { waitUntilGone, type KnownProcess } from '../../gateway/end-process.js';
import { killGateway } from '../../gateway/kill-gateway.js';
import { locateGateway, unavailableError, type AnsweringGateway } from '../../gateway/locate-gateway.js';
import { parseTimeout } from '../../cli/parse-options.js';
import { formatSeconds } from '../../output/duration.js';
import { awaitStarting } from '../../gateway/wait-ready.js';
import { STOP_MARGIN_MS } from '../../service/plan/service-plan.js';
import { recordOf } from '../../service/files/install-record.js';

/** The longest drain that may be configured. */
const MAX_DRAIN_MS = 600_000;
/** After its reply the supervisor closes its files and exits; one that has just taken over waits for its predecessor to exit. */
const LEAVE_LIMIT_MS = 15_000;
/** How often a long stop checks that the gateway still answers. */
const LOOK_AGAIN_MS = 2_000;

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
      Ctrl-C ends the drain early, a second one stops waiting. Stopping a stopped gateway succeeds.
    `,
    examples: [
      ['Stop it', 'xopc gateway stop'],
      ['Give running work half a second', 'xopc gateway stop --timeout 500'],
      ['End one that does not answer', 'xopc gateway stop --force'],
    ],
  });

  readonly timeout = Option.String('--timeout', { description: 'Drain time in milliseconds, instead of `gateway.drainTimeoutMs`.' });
  readonly force = Option.Boolean('--force', false, {
    description: 'Interrupt running work at once; kill a gateway that does not answer.',
  });

  protected async run(): Promise<number> {
    const paths = this.io.gatewayPaths;
    if (recordOf(paths) === undefined) return this.#stopWhatRuns();
    return this.context.runtime.loadTools().stayStopped({ paths, note: (text) => this.io.note(text), stop: () => this.#stopWhatRuns() });
  }

  async #stopWhatRuns(): Promise<number> {
    const timeoutMs = parseTimeout(this.timeout);
    // A gateway that has the lock and no control socket yet has one in a moment.
    const location = await awaitStarting(this.io.gatewayPaths, await locateGateway(this.io.gatewayPaths));
    switch (location.kind) {
      case 'answers':
        return this.#stop(location, timeoutMs);
      case 'absent':
        return this.#reportStopped(
          location.lock === undefined
            ? 'The gateway is not running.'
            : `The gateway is not running; pid ${location.lock.pid} has died before.`,
        );
      default:
        if (this.force && location.kind === 'silent' && location.lock !== undefined) return this.#kill(location.lock.pid);
        throw unavailableError(location);
    }
  }

  async #reportStopped(text: string): Promise<number> {
    if (this.json) await this.io.printJson({ stopped: true, wasRunning: false });
    else await this.io.note(text);
    return 0;
  }

  async #kill(pid: number): Promise<number> {
    const { lockPath } = this.io.gatewayPaths;
    const lock = readLock(lockPath);
    if (!isLockRecord(lock) || lock.pid !== pid) return this.#stopWhatRuns();
    await this.io.note(`Gateway ${pid} does not answer; ending it ...`);
    const startedAtMs = Date.now();
    await killGateway(lock, lockPath);
    return this.printResult(
      { stopped: true, wasRunning: true, killed: true, pid },
      `Gateway killed (pid ${pid}) after ${formatSeconds(Date.now() - startedAtMs)}.`,
    );
  }

  async #stop({ controlPath, status }: AnsweringGateway, timeoutMs: number | undefined): Promise<number> {
    const supervisor: KnownProcess = { pid: status.pid, startTime: readStartTime(status.pid) ?? null };
    const waiting = new AbortController();
    let interrupts = 0;
    const release = this.context.runtime.onInterrupt(() => {
      interrupts += 1;
      if (interrupts > 1) return waiting.abort();
      void this.io.note('Ending the drain early; Ctrl-C again to stop waiting.');
      callControl(controlPath, { type: 'stop', timeoutMs: 0 }, { deadlines: deadlines(0), signal: waiting.signal }).catch(() => undefined);
    });
    try {
      const result = await this.#request(controlPath, timeoutMs, waiting.signal);
      await this.#waitForExit(supervisor, waiting.signal);
      const heir = result === undefined ? await locateGateway(this.io.gatewayPaths) : undefined;
      // It left for a successor, which is the gateway now.
      if (heir?.kind === 'answers' && heir.status.instanceId !== status.instanceId) return await this.#stop(heir, timeoutMs);
      return await this.#report(status.pid, result);
    } catch (error) {
      if (!waiting.signal.aborted) throw error;
      await this.io.note('Not waiting any longer; the gateway continues to stop.');
      return INTERRUPTED_EXIT_CODE;
    } finally {
      release();
    }
  }

  /** @returns undefined when the supervisor left before its answer arrived: its end is what counts */
  async #request(controlPath: string, timeoutMs: number | undefined, signal: AbortSignal): Promise<StopResult | undefined> {
    const answered = new AbortController();
    const call = { type: 'stop', ...definedFields({ timeoutMs, force: this.force || undefined }) } as const;
    try {
      const onProgress = ({ message }: { message: string }): void => void this.io.note(`Stopping: ${message}`);
      const answer = callControl(controlPath, call, { deadlines: deadlines(timeoutMs ?? MAX_DRAIN_MS), signal, onProgress });
      return await Promise.race([answer, this.#untilSilent(answered.signal)]);
    } catch (error) {
      // It answered a moment before: without its socket it is about to exit.
      if (hasLeft(error) || (error instanceof GatewayError && error.code === 'NOT_RUNNING')) return undefined;
      throw error;
    } finally {
      answered.abort();
    }
  }

  /** Rejects when the gateway stops answering during the drain (SIGSTOP), which may take ten minutes. @throws CONTROL_UNREACHABLE */
  async #untilSilent(answered: AbortSignal): Promise<never> {
    while (!answered.aborted) {
      await pause(LOOK_AGAIN_MS, undefined, { ref: false });
      const location = answered.aborted ? undefined : await locateGateway(this.io.gatewayPaths);
      if (location?.kind === 'silent' && !answered.aborted) throw unavailableError(location);
    }
    return new Promise<never>(() => undefined);
  }

  async #waitForExit(supervisor: KnownProcess, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (await waitUntilGone([supervisor], LEAVE_LIMIT_MS)) return;
    throw new GatewayError('CONTROL_UNREACHABLE', {
      message: `the gateway has stopped serving, but its process ${supervisor.pid} is still there`,
      details: { pid: supervisor.pid },
      hint: 'End it with: xopc gateway stop --force',
    });
  }

  #report(pid: number, result: StopResult | undefined): Promise<number> {
    const cut = result === undefined ? undefined : describeInterrupted(result.cut);
    const time = result === undefined ? '' : ` in ${formatSeconds(result.durationMs)}`;
    const text = `Gateway stopped (pid ${pid})${time}${cut === undefined ? '' : `; ${cut}`}.`;
    return this.printResult({ wasRunning: true, pid, ...(result ?? { stopped: true }) }, text);
  }
}

function deadlines(drainMs: number): { connectMs: number; firstFrameMs: number; totalMs: number } {
  const totalMs = drainMs + STOP_MARGIN_MS;
  // Joining a stop in progress may yield no frame before the result.
  return { connectMs: 1_000, firstFrameMs: totalMs, totalMs };
}
