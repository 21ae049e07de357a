/** Classifies the exit of a worker that never became active: a failed attempt, or a refusal with a reason. */
import type { ExitRecord } from '../../../shared/api/gateway/status.js';
import type { Problem } from '../../../shared/errors.js';
import type { ConfigSource } from '../config/live-config.js';
import { failureOf } from '../state/respawn.js';
import type { Event, Verdict } from '../state/state.js';
import type { SupervisorDeps } from '../state/supervisor-deps.js';
import type { Refusal, WorkerProcess } from './worker-process.js';

interface CandidateExit {
  readonly worker: WorkerProcess;
  readonly record: ExitRecord;
  readonly source: ConfigSource | undefined;
  /** Whether no other worker serves; only then the death counts for the restart policy. */
  readonly isAlone: boolean;
  /** Whether no worker of this supervisor has ever served. */
  readonly isCold: boolean;
}

/** Records the death and its reason. @returns the resulting event */
export function classifyCandidateExit(
  deps: Pick<SupervisorDeps, 'respawn' | 'config' | 'paths' | 'resources'>,
  { worker, record, source, isAlone, isCold }: CandidateExit,
): Event {
  const { respawn, config, paths } = deps;
  const { refusal } = worker;
  respawn.failure = failureOf(worker, record);
  // While the old worker keeps serving, a failed candidate does no harm and is not counted.
  const recordDeath = (): Verdict => (isAlone ? respawn.recordDeath(worker, record) : 'now');
  const isSuccession = deps.resources.isSuccessor && isCold;
  if (refusal === undefined && !isSuccession) return { type: 'candidateExited', verdict: recordDeath() };
  const isConfig = refusal?.error.code === 'CONFIG_INVALID' && source !== undefined;
  if (isConfig) config.reject(source.hash, problemsOf(refusal));
  const lastGood = isConfig && source.configSource === paths.configPath && config.hasLastGood;
  if (!lastGood) recordDeath();
  return { type: 'refused', cold: isCold, lastGood };
}

function problemsOf({ problems, error }: Refusal): readonly Problem[] {
  return problems.length > 0 ? problems : [{ message: error.message }];
}
