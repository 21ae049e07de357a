/** The outcome of a run, as a colour and text. A run whose message was not delivered did not succeed. */
import type { CronRunDocument } from '../../../../shared/api/cron.js';
import { whyText } from '../../components/feedback/reason-text.js';
import { StatusDot, type Tone } from '../../components/status-dot/status-dot.js';
import { t } from './text.js';

/** The part of a run that its outcome follows from; also of a job's last run. */
export type RunOutcome = Pick<CronRunDocument, 'state' | 'delivery'>;

export const isGoing = ({ state }: Pick<RunOutcome, 'state'>): boolean => state === 'queued' || state === 'running';

/** Whether the run's message was not delivered, or sending it has failed so far. */
const isUndelivered = ({ delivery }: RunOutcome): boolean => delivery !== null && delivery.error !== null;

export function toneOf(run: RunOutcome): Tone {
  const { state } = run;
  if (isGoing(run)) return 'busy';
  if (state === 'failed' || state === 'interrupted' || isUndelivered(run)) return 'bad';
  return state === 'done' ? 'good' : 'warning';
}

export function outcomeText(run: RunOutcome): string {
  return run.state === 'done' && isUndelivered(run) ? t('undelivered') : t(`state_${run.state}`);
}

/** Shows that the agent had nothing to report, with its reason. */
export function silenceText({ nothingToReport: reason }: Pick<CronRunDocument, 'nothingToReport'>): string | null {
  if (reason === null) return null;
  return reason === '' ? t('nothingToReport') : t('nothingToReportWhy', { reason });
}

/** Returns why the run or its message failed; null while nothing has. */
export function runError({ error, why, delivery }: Pick<CronRunDocument, 'error' | 'why' | 'delivery'>): string | null {
  if (error !== null) return whyText(error, why);
  return delivery === null || delivery.error === null ? null : whyText(delivery.error, delivery.why);
}

export function Outcome({ run }: { run: RunOutcome }) {
  return <StatusDot tone={toneOf(run)}>{outcomeText(run)}</StatusDot>;
}
