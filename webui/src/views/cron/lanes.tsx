/** The runs of the next 24 hours, one lane per job, so that coinciding runs are visible. Folded by default. */
import { useState } from 'preact/hooks';
import type { CronPlan } from '../../../../shared/api/cron.js';
import { HOUR_MS } from '../../../../shared/clock.js';
import { clockTime } from '../../components/time-text/time-text.js';
import { hashOf } from '../../shell/router.js';
import { ownZone } from './job-time.js';
import { t } from './text.js';

type Lane = CronPlan['jobs'][number];

const MARK_HOURS = 3;

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

function percent({ fromMs, untilMs }: Span, atMs: number): string {
  return `${((100 * (atMs - fromMs)) / (untilMs - fromMs)).toFixed(2)}%`;
}

/** Returns every third full hour of the browser's clock, except near the ends, where its text would not fit. */
function marksOf({ fromMs, untilMs }: Span): number[] {
  const first = new Date(fromMs);
  first.setMinutes(0, 0, 0);
  const marks: number[] = [];
  for (let at = first.getTime() + HOUR_MS; at < untilMs - HOUR_MS / 2; at += HOUR_MS) {
    if (at > fromMs + HOUR_MS / 2 && new Date(at).getHours() % MARK_HOURS === 0) marks.push(at);
  }
  return marks;
}

function laneText({ runs, isMore }: Lane): string {
  const [next = ''] = runs;
  return t(isMore ? 'laneMore' : 'lane', { count: runs.length, time: clockTime(Date.parse(next)) });
}

function Track({ lane, span }: { lane: Lane; span: Span }) {
  const last = lane.runs.at(-1);
  return (
    <div class="lane-track" role="img" aria-label={laneText(lane)}>
      {lane.runs.map((at) => (
        <span
          key={at}
          class={`lane-run ${lane.mode}`}
          title={`${lane.name} · ${clockTime(Date.parse(at))}`}
          style={{ left: percent(span, Date.parse(at)) }}
        />
      ))}
      {lane.isMore && last !== undefined && <span class="lane-band" style={{ left: percent(span, Date.parse(last)), right: '0' }} />}
    </div>
  );
}

function Legend({ plan: { jobs, jobsLeftOut } }: { plan: CronPlan }) {
  return (
    <p class="lane-legend hint">
      <span class="lane-key agent">{t('isAgent')}</span>
      <span class="lane-key direct">{t('isDirect')}</span>
      {jobs.some(({ isMore }) => isMore) && <span class="lane-key band">{t('laneBand')}</span>}
      <span>{t('inZone', { zone: ownZone() })}</span>
      {jobsLeftOut > 0 && <span>{t('lanesLeftOut', { count: jobsLeftOut })}</span>}
    </p>
  );
}

function Chart({ plan }: { plan: CronPlan }) {
  const span = { fromMs: Date.parse(plan.from), untilMs: Date.parse(plan.until) };
  if (plan.jobs.length === 0) return <p class="hint">{t('lanesEmpty')}</p>;
  return (
    <>
      <div class="lane lane-axis" aria-hidden="true">
        <span />
        <div class="lane-track">
          {marksOf(span).map((at) => (
            <span key={at} class="lane-mark" style={{ left: percent(span, at) }}>
              {clockTime(at)}
            </span>
          ))}
        </div>
      </div>
      <ul>
        {plan.jobs.map((lane) => (
          <li key={lane.id} class="lane">
            <a class="plain-link" href={hashOf('cron', [lane.id])}>
              {lane.name}
            </a>
            <Track lane={lane} span={span} />
          </li>
        ))}
      </ul>
      <Legend plan={plan} />
    </>
  );
}

export function Lanes({ plan }: { plan: CronPlan }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="card lanes" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('lanes')}</summary>
      {isOpen && <Chart plan={plan} />}
    </details>
  );
}
