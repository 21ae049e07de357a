/** A schedule in words and its next times, while it is typed. */
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../../api/client.js';
import { fullTime, relativeTime } from '../../components/time-text.js';
import { language } from '../../i18n/language.js';
import { type Preview, previewSchedule } from './cron-api.js';
import { t } from './text.js';

export interface SchedulePreview {
  readonly preview?: Preview;
  /** Of the schedule, or of the time zone. */
  readonly fault?: { readonly field: string; readonly message: string };
}

const TYPING_MS = 150;

/** Asks again when the schedule has not changed for a moment; what was known stays meanwhile. */
export function usePreview(schedule: string, timezone: string): SchedulePreview {
  const [state, setState] = useState<SchedulePreview>({});
  useEffect(() => {
    if (schedule.trim() === '') {
      setState({});
      return undefined;
    }
    const controller = new AbortController();
    const timer = setTimeout(() => {
      previewSchedule(schedule, timezone, controller.signal).then(
        (preview) => setState({ preview }),
        (error: unknown) => {
          if (controller.signal.aborted) return;
          const field = error instanceof ApiError ? error.details['field'] : undefined;
          setState({ fault: { field: field === 'timezone' ? field : 'schedule', message: error instanceof Error ? error.message : '' } });
        },
      );
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [schedule, timezone]);
  return state;
}

function weekday(local: string): string {
  const day = new Date(`${local.slice(0, 19)}Z`);
  return new Intl.DateTimeFormat(language.value, { weekday: 'short', timeZone: 'UTC' }).format(day);
}

const NOTES = { gap: 'noteGap', repeated: 'noteRepeated', 'repeated-again': 'noteRepeatedAgain' } as const;

export function NextRuns({ preview }: { preview: Preview | undefined }) {
  if (preview === undefined) return <p class="hint">{t('previewEmpty')}</p>;
  const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const { words, runs, warning, timezone } = preview;
  return (
    <div class="next-runs" aria-live="polite">
      <p class="schedule-words">{words[language.value]}</p>
      {warning !== null && <p class="chip warn">{warning.includes('past') ? t('neverPast') : t('never')}</p>}
      <ol>
        {runs.map(({ at, local, note }) => (
          <li key={at}>
            <span class="run-local">
              {weekday(local)} {local.slice(0, 19).replace('T', ' ')}
            </span>
            <span class="muted">{relativeTime(Date.parse(at))}</span>
            {note !== null && <span class="chip warn">{t(NOTES[note])}</span>}
            {ownZone !== timezone && <span class="muted run-here">{t('here', { time: fullTime(Date.parse(at)) })}</span>}
          </li>
        ))}
      </ol>
      <p class="hint">{t('inZone', { zone: timezone })}</p>
    </div>
  );
}
