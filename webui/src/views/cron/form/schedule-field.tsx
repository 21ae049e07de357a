/** One field for when a job runs: words, an interval, a time or cron fields. Its meaning is shown below. */
import { useMemo, useState } from 'preact/hooks';
import { HOUR_MS } from '../../../../../shared/clock.js';
import { useDelayed } from '../../../api/use-resource.js';
import { Button } from '../../../components/button/button.js';
import { TextField } from '../../../components/field/field.js';
import { fieldTime } from '../../../components/time-text/time-text.js';
import { ownZone } from '../job-time.js';
import { t } from '../text.js';
import { hoursOf } from './hours.js';
import { type Draft, scheduleOf } from './draft.js';
import { readWords } from './natural.js';
import { NextRuns, type SchedulePreview, usePreview } from './preview.js';

const PRESETS = ['Hourly', 'Daily', 'Weekdays'] as const;
const PAUSE_MS = 700;

/** The next full hour but one, as the gateway's schedules write it. */
function onceSoon(): string {
  return `at ${fieldTime(Math.ceil(Date.now() / HOUR_MS + 1) * HOUR_MS).slice(0, 16)}`;
}

/** Whether the gateway can parse it; words that the page does not understand are not sent. */
const isSchedule = (when: string): boolean =>
  readWords(when, Date.now()) !== undefined || /^(?:[\d*@?]|(?:every|at)\s+\d)/i.test(when.trim());

export interface ScheduleReading extends SchedulePreview {
  /** The words are not understood, and nothing has been typed for a moment. */
  readonly isLost: boolean;
}

/** Parses the typed text: its meaning, or its error. */
export function useSchedule(draft: Draft, jobId: string | undefined): ScheduleReading {
  const { when } = draft;
  // Kept between renders: "in 20 seconds" would be another time, and another preview, on each of them.
  const { schedule, timezone } = useMemo(() => scheduleOf(draft), [when, draft.timezone]);
  const isReadable = isSchedule(when);
  const [lost, setLost] = useState<string | undefined>(undefined);
  const isLost = !isReadable && when.trim() !== '';
  useDelayed(PAUSE_MS, isLost ? () => setLost(when) : undefined, [when]);
  return {
    // With a job, the preview reads an empty time zone as the job's own. Without one, it uses the default.
    ...usePreview({
      schedule: isReadable ? schedule : '',
      timezone,
      activeHours: hoursOf(draft),
      jobId: timezone === '' ? undefined : jobId,
    }),
    isLost: isLost && lost === when,
  };
}

interface ScheduleFieldProps {
  readonly draft: Draft;
  readonly reading: ScheduleReading;
  readonly error: string | undefined;
  readonly set: (change: Partial<Draft>) => void;
}

export function ScheduleField({ draft, reading: { preview, fault, isLost }, error, set }: ScheduleFieldProps) {
  const own = ownZone();
  const zone = preview?.timezone ?? draft.timezone.trim();
  const refused = fault?.field === 'schedule' ? fault.message : undefined;
  return (
    <>
      <TextField
        label={t('when')}
        value={draft.when}
        onInput={(when) => set({ when })}
        placeholder={t('whenExample')}
        hint={t('whenHint')}
        error={isLost ? t('notUnderstood') : (refused ?? error)}
        isCode
      />
      <div class="row" role="group" aria-label={t('presets')}>
        {PRESETS.map((id) => (
          <Button key={id} text={t(`preset${id}`)} onClick={() => set({ when: t(`preset${id}Words`) })} />
        ))}
        <Button text={t('presetOnce')} onClick={() => set({ when: onceSoon(), timezone: own })} />
      </div>
      <div class="schedule-preview">
        {preview === undefined ? <p class="hint">{t('previewEmpty')}</p> : <NextRuns preview={preview} />}
        {zone !== '' && zone !== own && (
          <Button kind="quiet" icon="clock" text={t('useOwnZone', { zone: own })} onClick={() => set({ timezone: own })} />
        )}
      </div>
    </>
  );
}
