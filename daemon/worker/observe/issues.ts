/**
 * Collects parts that do not work now, or did not in the last hour: accounts, providers and jobs. Sent to the supervisor with the
 * heartbeat.
 */
import { ENABLE_JOBS } from '../../../shared/config/defaults.js';
import type { ChannelDocument } from '../../../shared/api/channels.js';
import type { Health } from '../../../shared/api/fields.js';
import type { ProviderDocument } from '../../../shared/api/models.js';
import type { Config } from '../../../shared/config/schema.js';
import type { StatusIssue } from '../../../shared/api/gateway/status.js';
import { isUnavailable } from '../../../shared/errors.js';
import { sayOfIssue } from '../../../shared/text/sentences/issue.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { accountLabel } from '../channels/registry.js';
import { type FailingJob, listFailingJobs, readNextCronInstant } from '../store/cron/cron-jobs.js';
import type { Store } from '../store/store.js';
import type { Transaction } from '../store/transaction.js';
import type { Deps } from '../store/tasks/worker-deps.js';

/** Maximum number, because they are sent with each heartbeat. */
const MAX_ISSUES = 20;
/** Maximum age of the issues in a heartbeat. */
const REFRESH_MS = 15_000;

export interface IssuesOptions extends Deps<'clock' | 'logger' | 'config'> {
  readonly store: Pick<Store, 'read'>;
  readonly listAccounts: () => Promise<ChannelDocument[]>;
  readonly listProviders: () => Promise<ProviderDocument[]>;
}

interface About {
  readonly kind: 'channel' | 'provider';
  readonly name: string;
  readonly action: string;
}

function ofHealth(id: string, { state, reason }: Health, { kind, name, action }: About): StatusIssue[] {
  if (state === 'ok') return [];
  const text = sayOfIssue(`issue-${kind}`, { name, reason: reason ?? state });
  return [{ id, severity: state === 'down' ? 'error' : 'warning', name, text, action }];
}

function ofAccount({ channel, accountId, health }: ChannelDocument): StatusIssue[] {
  const label = accountLabel(channel, accountId);
  return ofHealth(`channel:${label}`, health, { kind: 'channel', name: label, action: 'See: xopc channels' });
}

function ofProvider({ id, name, health }: ProviderDocument): StatusIssue[] {
  return ofHealth(`provider:${id}`, health, { kind: 'provider', name, action: `Test it with: ${shellCommand`xopc models test ${id}`}` });
}

function ofJob({ id, name, failures }: FailingJob): StatusIssue {
  return {
    id: `job:${id}`,
    severity: 'warning',
    name,
    text: sayOfIssue(failures === 1 ? 'issue-job-once' : 'issue-job', { name, count: failures }),
    action: `See: ${shellCommand`xopc cron history ${id}`}`,
  };
}

/** Reports jobs that would fire if scheduled jobs were not disabled. */
async function ofDisabled(tx: Transaction, { cron }: Config): Promise<StatusIssue[]> {
  if (cron.enabled || (await readNextCronInstant(tx)) === undefined) return [];
  return [{ id: 'cron', severity: 'warning', name: 'cron', text: sayOfIssue('issue-jobs-disabled'), action: ENABLE_JOBS }];
}

export class Issues {
  readonly #options: IssuesOptions;
  #current: readonly StatusIssue[] = [];
  #readAtMs = -Infinity;
  #reading: Promise<void> | undefined;

  constructor(options: IssuesOptions) {
    this.#options = options;
  }

  get current(): readonly StatusIssue[] {
    return this.#current;
  }

  /** Reloads the issues when they are old, or the clock was set back. Never rejects. */
  async refreshIfOld(): Promise<void> {
    if (Math.abs(this.#options.clock.now() - this.#readAtMs) >= REFRESH_MS) await this.refresh();
  }

  /** Reloads the issues, once for simultaneous callers. Never rejects: while the store is unavailable, the issues are unchanged. */
  refresh(): Promise<void> {
    return (this.#reading ??= this.#read().finally(() => (this.#reading = undefined)));
  }

  async #read(): Promise<void> {
    const { store, clock, logger, config, listAccounts, listProviders } = this.#options;
    this.#readAtMs = clock.now();
    try {
      const [accounts, providers, jobs] = await Promise.all([
        listAccounts(),
        listProviders(),
        store.read(async (tx) => [...(await ofDisabled(tx, config())), ...(await listFailingJobs(tx, MAX_ISSUES)).map(ofJob)]),
      ]);
      this.#current = [...accounts.flatMap(ofAccount), ...providers.flatMap(ofProvider), ...jobs].slice(0, MAX_ISSUES);
    } catch (error) {
      // The store reports its own failures.
      if (!isUnavailable(error)) logger.warn({ err: error }, 'failed to look for issues');
    }
  }
}
