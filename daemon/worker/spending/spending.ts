/**
 * Enforces daily limits on spending for models: for all calls together, an agent, a scheduled job and an access token. Also records
 * the usage of calls outside of turns.
 */
import type { CallKind } from '../../../shared/api/gateway/usage.js';
import type { AgentConfig } from '../../../shared/config/schema.js';
import { DAY_MS, isoTime } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import type { AccessToken, AccessTokens } from '../access/access-tokens.js';
import type { Liveness } from '../store/liveness.js';
import type { DelayedWrite } from '../store/delayed-write.js';
import { addCallUsage, type CallUsage } from '../store/overview/call-usage.js';
import { dayOf, type Limit, type Payer, reserveSpending, settleSpending, type UsedUpLimit } from '../store/overview/spending.js';
import type { Store } from '../store/store.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { type Caller, callUsageOf, pendingCallUsage, type UsedByCall } from './call-usage.js';

export interface SpendingOptions extends Deps<'clock' | 'logger' | 'instanceId' | 'config'> {
  readonly store: Pick<Store, 'write'>;
  readonly liveness: Pick<Liveness, 'living'>;
  readonly tokens: Pick<AccessTokens, 'findById'>;
}

/** Who is charged for a model call. */
export interface Account {
  /** Undefined: the caller names a model. */
  readonly agent?: Pick<AgentConfig, 'id' | 'dailyUsd'> | undefined;
  readonly jobId?: string | undefined;
  /** The job's own limit in US dollars, as text. */
  readonly jobDailyUsd?: string | undefined;
  readonly tokenId?: string | undefined;
  /** Set for calls outside of turns, whose usage is counted here. */
  readonly kind?: CallKind | undefined;
}

/** To be called once, with the cost of the call, and its usage if a model answered. Never rejects. */
export type Settle = (usd: number, used?: UsedByCall) => Promise<void>;

/** Pays for the calls of one account. */
export interface Purse {
  /**
   * Reserves the possible cost of a call. To be called before each.
   * @param most  returns the maximum cost, as far as known; called only if a limit applies
   * @returns undefined if none applies and the call belongs to a turn
   * @throws RATE_LIMITED: with the seconds until the next day if a limit is spent, with a few seconds if running calls have reserved the rest of it; UNAUTHORIZED when the access token has ended; UNAVAILABLE
   */
  reserve(most: () => number): Promise<Settle | undefined>;
}

/** Whether an error is a refusal of {@link Purse.reserve} for the account, which says nothing about the model. */
export const isRefusedAccount = (error: unknown): boolean =>
  error instanceof GatewayError && (error.code === 'RATE_LIMITED' || error.code === 'UNAUTHORIZED');

/** Retry delay: running calls may end at any time. */
const RESERVED_RETRY_SECONDS = 5;

/** @param of  the limit and when it is reset */
function describe(payer: Payer, tokenName: string, of: { readonly usd: number; readonly time: string }): string {
  if (payer === 'all') return sayOfAnswer('spent-all', of);
  const [kind = '', id = ''] = payer.split(':');
  if (kind === 'token') return sayOfAnswer('spent-token', { ...of, name: tokenName });
  return kind === 'job' ? sayOfAnswer('spent-job', { ...of, job: id }) : sayOfAnswer('spent-agent', { ...of, agent: id });
}

const HINTS: Readonly<Record<string, string>> = {
  all: 'To raise it, change agents.dailyUsd.',
  agent: 'To raise it, change dailyUsd of the agent, or agents.defaults.dailyUsd.',
  job: 'To raise it, change dailyUsd of the job, or cron.jobDailyUsd.',
  token: 'Only a new access token can have a higher limit.',
};

function callerOf({ agent, kind }: Account, token: AccessToken | undefined, atMs: number): Caller | undefined {
  return kind && { kind, agentId: agent?.id ?? '', tokenId: token?.id ?? '', tokenName: token?.name ?? '', atMs };
}

export class Spending {
  readonly #options: SpendingOptions;
  /** The day of the last notice, by payer; one per day is enough. */
  readonly #told = new Map<Payer, string>();

  readonly #callUsage: DelayedWrite<CallUsage>;

  constructor(options: SpendingOptions) {
    this.#options = options;
    this.#callUsage = pendingCallUsage(options);
  }

  /** Stores the usage of calls that is not stored yet. Never rejects. */
  flush(): Promise<void> {
    return this.#callUsage.flush();
  }

  close(): Promise<void> {
    return this.#callUsage.close();
  }

  purse(account: Account): Purse {
    return { reserve: (most) => this.#reserve(account, most) };
  }

  /** @throws UNAUTHORIZED for work whose access token has ended since it began; UNAVAILABLE */
  async #tokenOf({ tokenId }: Account): Promise<AccessToken | undefined> {
    if (tokenId === undefined) return undefined;
    const token = await this.#options.tokens.findById(tokenId);
    if (token !== undefined) return token;
    throw new GatewayError('UNAUTHORIZED', { message: 'The access token that this was asked with was revoked, or has expired.' });
  }

  #limitsOf({ agent, jobId, jobDailyUsd }: Account, token: AccessToken | undefined): Limit[] {
    const { agents, cron } = this.#options.config();
    const limits: readonly (readonly [Payer, number | null | undefined])[] = [
      ['all', agents.dailyUsd],
      [`agent:${agent?.id ?? ''}`, agent && (agent.dailyUsd ?? agents.defaults.dailyUsd)],
      [`job:${jobId ?? ''}`, jobId === undefined ? undefined : jobDailyUsd === undefined ? cron.jobDailyUsd : Number(jobDailyUsd)],
      [`token:${token?.id ?? ''}`, token?.dailyUsd],
    ];
    return limits.flatMap(([payer, usd]) => (usd === null || usd === undefined ? [] : { payer, usd }));
  }

  async #reserve(account: Account, most: () => number): Promise<Settle | undefined> {
    const token = await this.#tokenOf(account);
    const limits = this.#limitsOf(account, token);
    const { store, clock, instanceId, liveness } = this.#options;
    const atMs = clock.now();
    const caller = callerOf(account, token, atMs);
    if (limits.length === 0) return caller && (async (_usd, used) => used && this.#callUsage.add(callUsageOf(caller, used)));
    const reservation = { id: newId('run'), day: dayOf(atMs), usd: most() };
    const usedUp = await store.write((tx) => reserveSpending(tx, { ...reservation, limits, instanceId, liveness }));
    if (usedUp !== undefined) throw this.#refusal(usedUp, token);
    const payers = limits.map(({ payer }) => payer);
    return (cost, used) =>
      this.#settle({ ...reservation, payers, usd: cost }, caller === undefined || used === undefined ? [] : [callUsageOf(caller, used)]);
  }

  async #settle(spent: Parameters<typeof settleSpending>[1], used: Parameters<typeof addCallUsage>[1]): Promise<void> {
    try {
      await this.#options.store.write(async (tx) => {
        await settleSpending(tx, spent);
        await addCallUsage(tx, used);
      });
    } catch (error) {
      // Its reservation counts instead until the end of the day.
      this.#options.logger.warn({ err: error }, 'the cost of a model call could not be stored');
    }
  }

  #refusal({ payer, usd, isSpent }: UsedUpLimit, token: AccessToken | undefined): GatewayError {
    const hint = HINTS[payer.split(':')[0] ?? ''] ?? '';
    if (!isSpent)
      return new GatewayError('RATE_LIMITED', {
        message: sayOfAnswer('spending-reserved', { usd }),
        details: { payer, retryAfterSeconds: RESERVED_RETRY_SECONDS },
        hint,
      });
    const { clock, logger } = this.#options;
    const nowMs = clock.now();
    const day = dayOf(nowMs);
    const resetMs = Date.parse(day) + DAY_MS;
    const resetAt = isoTime(resetMs);
    const message = describe(payer, token?.name ?? '', { usd, time: resetAt });
    if (this.#told.get(payer) !== day) logger.warn({ payer, usd, resetAt }, 'a daily limit is used up');
    this.#told.set(payer, day);
    return new GatewayError('RATE_LIMITED', {
      message,
      details: { payer, retryAfterSeconds: Math.ceil((resetMs - nowMs) / 1_000), resetAt },
      hint,
    });
  }
}
