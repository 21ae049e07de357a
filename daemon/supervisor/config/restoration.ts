/**
 * A restore while the gateway runs: the workers drain as for a restart, the staged state replaces the present one while no process
 * has it open, and a new worker starts. The listening socket stays open, so new connections wait.
 */
import type { RestoreResult } from '../../../shared/control/messages.js';
import { type Deferred, deferred } from '../state/deferred.js';
import { fromErrorDocument, GatewayError, toErrorDocument } from '../../../shared/errors.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { assertStaged, carryOutRestore, hasRestoreBegun, withRestoreLock } from '../../../shared/node/files/restore-journal.js';
import type { Progress } from '../control/control-server.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { inProgressError, stoppingError } from '../state/stop-plan.js';
import type { LiveConfig } from './live-config.js';
import type { Supervisor } from '../supervisor.js';

export interface RestorationDeps {
  readonly paths: GatewayPaths;
  readonly log: Logger;
  readonly config: Pick<LiveConfig, 'noteFiles'>;
  readonly supervisor: Pick<Supervisor, 'desired' | 'isRestarting' | 'requestStop' | 'requestRestart'>;
}

interface Pending {
  readonly id: string;
  /** Whether the workers have ended for this restore. */
  isPaused: boolean;
  readonly resumption: Deferred<void>;
  outcome: { readonly replaced: string } | { readonly error: Error } | undefined;
}

export class Restoration {
  readonly #deps: RestorationDeps;
  #pending: Pending | undefined;

  constructor(deps: RestorationDeps) {
    this.#deps = deps;
  }

  /** @throws NOT_FOUND, CONFLICT, STOPPING; the reason why the state was not replaced, or why the new worker failed */
  async run({ id, timeoutMs }: { id: string; timeoutMs: number }, progress: Progress): Promise<RestoreResult> {
    const { supervisor, paths } = this.#deps;
    const startedAtMs = performance.now();
    assertStaged(paths, id);
    if (this.#pending !== undefined) throw inProgressError('another restore');
    const pending: Pending = { id, isPaused: false, resumption: deferred(), outcome: undefined };
    this.#pending = pending;
    try {
      // Wait for a restart in progress, so that its callers get its outcome.
      if (supervisor.isRestarting) {
        progress('a restart is in progress; the restore follows');
        await supervisor.requestRestart({ timeoutMs: undefined }, progress).catch(() => undefined);
        // A client that has given up has removed what it had prepared.
        assertStaged(paths, id);
      }
      if (supervisor.desired === 'down') throw stoppingError();
      await supervisor.requestStop({ purpose: 'restore', timeoutMs }, progress);
      pending.isPaused = true;
      await pending.resumption.promise;
      const replaced = resultOf(pending);
      progress('the restored state is in place; a new worker is starting');
      const started = supervisor.requestRestart({ timeoutMs: undefined }, progress);
      const { instanceId, workerPid } = await started.catch((error: unknown) => {
        throw withUndo(error, replaced);
      });
      return { replaced, instanceId, workerPid, durationMs: Math.round(performance.now() - startedAtMs) };
    } finally {
      this.#pending = undefined;
    }
  }

  /**
   * Called when the workers have ended. Does nothing unless they ended for a restore.
   * @throws the reason why a restore failed after it had begun; no worker may run until the next start has completed the restore
   */
  async replaceState(): Promise<void> {
    const { paths, log, config } = this.#deps;
    const pending = this.#pending;
    if (pending?.isPaused !== true) return;
    try {
      const replaced = await withRestoreLock(paths, () => carryOutRestore(paths, pending.id));
      log.warn({ replaced }, 'the state was replaced by a restore');
      // A file that the restored state does not have was not removed by accident.
      config.noteFiles();
      pending.outcome = { replaced };
    } catch (error) {
      log.error({ err: error }, 'failed to replace the state');
      if (hasRestoreBegun(paths, pending.id)) throw error;
      pending.outcome = { error: error as Error };
    }
  }

  /** Called when the gateway continues after the restore. */
  resumed(): void {
    this.#pending?.resumption.resolve();
  }
}

/** The restored state is in place, but the worker does not start with it. */
function withUndo(error: unknown, replaced: string): GatewayError {
  const { code, message, details, hint } = toErrorDocument(error);
  const undo = `Undo it with: ${shellCommand`xopc restore ${replaced}`}`;
  return fromErrorDocument({
    code,
    message: `the state is restored, but the gateway does not start with it: ${message}`,
    hint: hint === undefined ? undo : `${hint}   ${undo}`,
    details: { ...details, replaced },
  });
}

function resultOf({ outcome }: Pending): string {
  if (outcome === undefined) throw new GatewayError('INTERNAL_ERROR', { message: 'the state was not replaced' });
  if ('error' in outcome) throw outcome.error;
  return outcome.replaced;
}
