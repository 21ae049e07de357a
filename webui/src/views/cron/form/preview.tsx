/** A schedule in words, and its next runs, while it is typed. */
import type { CronPreview } from '../../../../../shared/api/cron.js';
import { pause, systemClock } from '../../../../../shared/clock.js';
import type { ActiveHours } from '../../../../../shared/text/active-hours.js';
import { ApiError, apiPath, call, isTemporary } from '../../../api/client.js';
import { useResource } from '../../../api/use-resource.js';
import { Badge } from '../../../components/status-dot/status-dot.js';
import { refusalText } from '../../../components/feedback/reason-text.js';
import { fullTime, relativeTime } from '../../../components/time-text/time-text.js';
import { language } from '../../../i18n/language.js';
import { shortTime } from '../job-time.js';
import { t } from '../text.js';
import { hoursQuery } from './hours.js';

export interface SchedulePreview {
  readonly preview?: CronPreview;
  /** An invalid schedule or time zone. */
  readonly fault?: { readonly field: 'schedule' | 'timezone'; readonly message: string };
}

const TYPING_MS = 150;
const PREVIEWED_RUNS = 3;

interface PreviewedSchedule {
  readonly schedule: string;
  readonly timezone: string;
  /** Default: those of the job. */
  readonly activeHours?: ActiveHours | null;
  /** The job that has the schedule: its runs are counted from its next one. */
  readonly jobId?: string | undefined;
  /** Reads the preview again when it changes. */
  readonly version?: string | null;
}

async function readPreview(query: Readonly<Record<string, string | number | undefined>>, signal: AbortSignal): Promise<SchedulePreview> {
  try {
    return { preview: await call<CronPreview>('GET', apiPath('/api/cron/preview', {}, query), { signal }) };
  } catch (error) {
    // An unreachable gateway says nothing about the schedule.
    if (!(error instanceof ApiError) || isTemporary(error)) throw error;
    const field = error.details['field'] === 'timezone' ? 'timezone' : 'schedule';
    return { fault: { field, message: refusalText(error.message, error.details) } };
  }
}

/**
 * Reads the preview once the schedule has not changed for a moment; the last one stays until then. After a failed read there is none,
 * because the last one is that of another schedule; it is read again when the gateway is back.
 */
export function usePreview({ schedule, timezone, activeHours, jobId, version }: PreviewedSchedule): SchedulePreview {
  const hours = activeHours === undefined ? {} : hoursQuery(activeHours);
  const isEmpty = schedule.trim() === '';
  const read = async (signal: AbortSignal): Promise<SchedulePreview> => {
    if (isEmpty) return {};
    await pause(TYPING_MS, systemClock, signal);
    return readPreview({ schedule, timezone: timezone.trim(), job_id: jobId, count: PREVIEWED_RUNS, ...hours }, signal);
  };
  const { value = {} } = useResource(read, [schedule, timezone, JSON.stringify(hours), jobId, version]);
  return isEmpty ? {} : value;
}

const WARNINGS = { 'in-the-past': 'neverPast', 'never-fires': 'neverFires', 'never-active': 'neverActive' } as const;
const NOTES = { gap: 'noteGap', repeated: 'noteRepeated', 'repeated-again': 'noteRepeatedAgain' } as const;

/** The next runs in the zone of the schedule, which is named once; the time of this browser is in the title. */
export function NextRuns({ preview }: { preview: Pick<CronPreview, 'words' | 'runs' | 'warningCode' | 'timezone'> }) {
  const { words, runs, warningCode, timezone } = preview;
  return (
    <div class="next-runs" aria-live="polite">
      <p class="schedule-words">{words[language.value]}</p>
      {warningCode !== null && <Badge tone="warning">{t(WARNINGS[warningCode])}</Badge>}
      {runs.length > 0 && (
        <ol aria-label={t('next')}>
          {runs.map(({ at, local, note }) => (
            <li key={at} title={t('here', { time: fullTime(Date.parse(at)) })}>
              <time dateTime={local}>{shortTime(at, timezone)}</time>
              <span class="muted">{relativeTime(Date.parse(at), undefined, { timeZone: timezone })}</span>
              {note !== null && <Badge tone="warning">{t(NOTES[note])}</Badge>}
            </li>
          ))}
        </ol>
      )}
      <p class="hint">{t('inZone', { zone: timezone })}</p>
    </div>
  );
}
