/** The runs of a job as a table; a run opens in a drawer. */
import type { ComponentChildren } from 'preact';
import { Button } from '../../../components/button/button.js';
import { Empty, Loaded } from '../../../components/feedback/feedback.js';
import { titleText } from '../../../components/markdown/plain-text.js';
import { Segmented } from '../../../components/segmented/segmented.js';
import { type Column, Table } from '../../../components/table/table.js';
import { durationText, fullTime, relativeTime } from '../../../components/time-text/time-text.js';
import { address, changeQuery, hashOf } from '../../../shell/router.js';
import type { Job } from '../cron-api.js';
import { zonedTime } from '../job-time.js';
import { Outcome, runError, silenceText } from '../run-state.js';
import { t } from '../text.js';
import { RunDrawer } from './run-drawer.js';
import { type Run, type Runs, useRuns } from './use-runs.js';

type Key = 'outcome' | 'scheduled' | 'duration' | 'result';

const columns = (): Column<Key>[] => [
  { key: 'outcome', name: t('outcome') },
  { key: 'scheduled', name: t('scheduled') },
  { key: 'duration', name: t('duration'), isNumber: true },
  { key: 'result', name: t('result') },
];

/** Two lines are shown; most of a text may be Markdown syntax. */
const READ_LENGTH = 1_000;

function RunRow({ run, job }: { run: Run; job: Job }) {
  const error = runError(run);
  const at = Date.parse(run.scheduledAt);
  return (
    <tr class="run-row">
      <td>
        <a class="plain-link" href={hashOf('cron', [job.id], { ...address.value.query, run: run.id })}>
          <Outcome run={run} />
        </a>
      </td>
      <td class="run-at" title={fullTime(at, job.timezone)}>
        <time>{zonedTime(run.scheduledAt, job.timezone)}</time>
        <small class="cell-note">
          {relativeTime(at)}
          {run.trigger === 'manual' && <> · {t('manual')}</>}
          {run.attempt > 1 && <> · {t('attempt', { number: run.attempt })}</>}
        </small>
      </td>
      <td class="number" data-label={t('duration')}>
        {run.durationMs === null ? '—' : durationText(run.durationMs)}
      </td>
      <td>
        <p class={error === null ? 'run-output' : 'run-output fault'}>
          {error ?? silenceText(run) ?? titleText((run.output ?? '').slice(0, READ_LENGTH))}
        </p>
      </td>
    </tr>
  );
}

interface ListProps {
  readonly job: Job;
  readonly runs: Runs;
  readonly onAgain: (runId: string) => void;
  /** Shown if there are no runs. */
  readonly empty: ComponentChildren;
}

function RunList({ job, runs: { value, error, reload, more }, onAgain, empty }: ListProps) {
  const { run: openId } = address.value.query;
  const close = (): void => changeQuery({ run: undefined });
  const again = (runId: string): void => {
    close();
    onAgain(runId);
  };
  return (
    <>
      <Loaded of={{ value, error, reload }} lines={4} />
      {value?.items.length === 0 && empty}
      {value !== undefined && value.items.length > 0 && (
        <Table label={t('history')} columns={columns()}>
          {value.items.map((run) => (
            <RunRow key={run.id} run={run} job={job} />
          ))}
        </Table>
      )}
      {value !== undefined && value.nextCursor !== null && (
        <div>
          <Button text={t('older')} onClick={more} />
        </div>
      )}
      {openId !== undefined && (
        <RunDrawer
          job={job}
          run={value?.items.find(({ id }) => id === openId)}
          isRead={value !== undefined}
          onAgain={again}
          onClose={close}
        />
      )}
    </>
  );
}

function FailedRuns(props: Omit<ListProps, 'runs' | 'empty'>) {
  const runs = useRuns(props.job.id, true);
  return <RunList {...props} runs={runs} empty={<Empty title={t('noFailedRuns')} icon="ok" />} />;
}

export function History(props: Omit<ListProps, 'empty'>) {
  const isFailedOnly = address.value.query['failed'] !== undefined;
  const runs = props.runs.value?.items ?? [];
  return (
    <section class="job-history">
      <header>
        <h2>{t('history')}</h2>
        {(runs.length > 0 || isFailedOnly) && (
          <Segmented
            label={t('shownRuns')}
            value={isFailedOnly ? 'failed' : 'all'}
            choices={[
              { value: 'all', label: t('allRuns') },
              { value: 'failed', label: t('failedRuns') },
            ]}
            onChange={(shown) => changeQuery({ failed: shown === 'failed' ? '1' : undefined })}
          />
        )}
      </header>
      {isFailedOnly ? (
        <FailedRuns {...props} />
      ) : (
        <RunList
          {...props}
          empty={
            <Empty title={t('noRuns')} icon="history">
              {t('noRunsText')}
            </Empty>
          }
        />
      )}
    </section>
  );
}
