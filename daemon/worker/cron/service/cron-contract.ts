/** What the HTTP routes may ask about scheduled jobs. Every method that fails throws a `GatewayError`. */
import type { CallerKey } from '../../store/idempotency.js';

/** A scheduled job as callers write it. `null` takes a value away; what is not given has its default. */
export interface CronJobInput {
  readonly name?: string;
  /** Five or six cron fields, `every 10m`, `at 2026-03-01T09:00`. */
  readonly schedule?: string;
  readonly message?: string;
  /** `direct` (default): the message is sent to the chat. `agent`: an agent answers it, and the reply is sent there. */
  readonly mode?: 'direct' | 'agent';
  readonly channel?: string | null;
  readonly chat_id?: string | null;
  readonly accountId?: string | null;
  readonly agentId?: string | null;
  /** Of an agent's turn. `main`: in the chat's own session; `isolated` (default): in the job's own, with nothing said before. */
  readonly session?: 'main' | 'isolated';
  /** IANA name or `system`. Default: `cron.defaultTimezone`. */
  readonly timezone?: string;
  readonly model?: string | null;
  readonly enabled?: boolean;
  /** When the run before has not ended. Default `skip`. */
  readonly overlap?: 'skip' | 'queue' | 'replace';
  /** When it was due while nothing ran. `once` (default): the last one runs, if that is within the grace. */
  readonly missed?: 'once' | 'skip';
  /** When an agent's turn was cut by the end of the gateway. Default `leave`. */
  readonly interrupted?: 'leave' | 'again';
  /** How late it may run. Default: half the distance between two, 2 minutes to 2 hours; a day for `at`. */
  readonly graceMs?: number;
  /** Default 10 minutes. */
  readonly timeoutMs?: number;
  /** How often a failed run is tried again, after 30 s, 1, 5, 15, 60 min. Default 3. */
  readonly retries?: number;
  /** After how many failures in a row the chat is told; 0: never. Default 3. */
  readonly notifyAfter?: number;
  /** Where that is told; without it, in the job's own chat. */
  readonly alertChannel?: string | null;
  readonly alertChatId?: string | null;
  readonly alertAccountId?: string | null;
}

export interface CronJobDocument extends Required<CronJobInput> {
  readonly id: string;
  /** Failed attempts since the last that did not fail. */
  readonly failures: number;
  readonly nextRunAt: string | null;
  readonly lastRun: Pick<CronRunDocument, 'id' | 'state' | 'startedAt' | 'finishedAt' | 'session'> | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** One attempt at one occurrence. */
export interface CronRunDocument {
  readonly id: string;
  readonly scheduledAt: string;
  readonly trigger: 'schedule' | 'manual';
  readonly attempt: number;
  readonly state: 'queued' | 'running' | 'done' | 'failed' | 'interrupted' | 'replaced' | 'skipped' | 'missed';
  /** Not before this. */
  readonly dueAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly latenessMs: number | null;
  readonly durationMs: number | null;
  /** Earlier occurrences that passed unnoticed, for which this one stands. */
  readonly missedBefore: number;
  readonly model: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** Where `models.json` names the model's price. */
  readonly costUsd: number | null;
  readonly output: string | null;
  /** The key of the session in which an agent answered: the conversation can be gone on with there. */
  readonly session: string | null;
  readonly error: string | null;
  /** `status` is null when the message has been forgotten. */
  readonly delivery: { readonly message_id: string; readonly status: string | null } | null;
}

export interface CronPreview {
  readonly schedule: string;
  readonly timezone: string;
  readonly words: { readonly en: string; readonly zh: string };
  readonly warning: string | null;
  readonly runs: readonly { readonly at: string; readonly local: string; readonly note: 'gap' | 'repeated' | 'repeated-again' | null }[];
}

export interface CronPlan {
  readonly from: string;
  readonly until: string;
  /** The next to run first, at most 100; those that do not run are left out. */
  readonly jobs: readonly {
    readonly id: string;
    readonly name: string;
    readonly mode: 'direct' | 'agent';
    /** At most 50. */
    readonly runs: readonly string[];
    /** It goes on like this. */
    readonly isMore: boolean;
  }[];
  readonly jobsLeftOut: number;
}

export interface CronService {
  list(): Promise<CronJobDocument[]>;
  /** What a chat still waits for, the next first; at most 200. */
  listOfChat(chat: { channel: string; accountId: string; chatId: string }): Promise<CronJobDocument[]>;
  /** The same key makes one job. @throws INVALID_REQUEST that names the field; CHANNEL_NOT_FOUND; MODEL_NOT_FOUND; CONFLICT */
  create(input: CronJobInput, idempotency?: CallerKey): Promise<CronJobDocument>;
  /** A changed schedule counts from now. @throws JOB_NOT_FOUND; as {@link create} */
  update(id: string, input: CronJobInput): Promise<CronJobDocument>;
  /** @throws JOB_NOT_FOUND */
  toggle(id: string, idempotency?: CallerKey): Promise<CronJobDocument>;
  /** It fires no more; what waits or runs of it is ended. @returns until when it can be brought back @throws JOB_NOT_FOUND */
  delete(id: string): Promise<{ job: CronJobDocument; restorableUntil: string }>;
  /** The same job again, with its history. @throws JOB_NOT_FOUND; CONFLICT while it is there */
  restore(id: string): Promise<CronJobDocument>;
  /**
   * Runs it now, also when it is disabled; behind a run of it that is under way. With `runId`: once more what that run
   * was for. @throws JOB_NOT_FOUND; NOT_FOUND for a run; CONFLICT where that cannot be
   */
  trigger(id: string, runId?: string, idempotency?: CallerKey): Promise<{ runId: string }>;
  /** Newest first. `limit` 1–200, default 50; `failed`: only those that did not do their work. @throws JOB_NOT_FOUND; INVALID_REQUEST for a cursor that is not ours */
  runs(
    id: string,
    input: { limit?: number; cursor?: string; failed?: boolean },
  ): Promise<{ runs: CronRunDocument[]; nextCursor: string | null }>;
  /** `count` 1–100, default 5. @throws INVALID_REQUEST that names the field */
  preview(input: { schedule: string; timezone?: string; count?: number }): Promise<CronPreview>;
  /** The next hours of all jobs; `hours` 1–168, default 24. */
  plan(hours?: number): Promise<CronPlan>;
}
