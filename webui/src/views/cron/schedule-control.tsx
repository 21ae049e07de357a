/** The schedule, entered in words, as a preset, an interval, a time or cron fields. The resulting schedule is always visible. */
import { useState } from 'preact/hooks';
import { Button } from '../../components/button/button.js';
import { Select, TextField } from '../../components/field/field.js';
import { fieldTime } from '../../components/time-text/time-text.js';
import { readWords } from './natural.js';
import { t } from './text.js';

const PRESETS = [
  ['presetWeekdays', '0 9 * * 1-5'],
  ['presetDaily', '0 8 * * *'],
  ['presetHourly', '0 * * * *'],
  ['presetMonthly', '0 9 1 * *'],
  ['presetEvery', 'every 30m'],
] as const;

const UNITS = ['m', 'h', 'd', 'w'] as const;
const SOON_MS = 3_600_000;

interface ScheduleControlProps {
  readonly schedule: string;
  readonly error: string | undefined;
  /** With a time zone where the schedule was entered in the browser's. */
  readonly onChange: (schedule: string, timezone?: string) => void;
}

const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

function Words({ onChange }: Pick<ScheduleControlProps, 'onChange'>) {
  const [words, setWords] = useState('');
  const schedule = readWords(words, Date.now());
  const say = (text: string): void => {
    setWords(text);
    const found = readWords(text, Date.now());
    if (found !== undefined) onChange(found, found.startsWith('at ') ? ownZone() : undefined);
  };
  return (
    <TextField
      label={t('inWords')}
      value={words}
      onInput={say}
      placeholder={t('inWordsExample')}
      isCode
      hint={words.trim() !== '' && schedule === undefined ? t('notUnderstood') : undefined}
    />
  );
}

function Interval({ schedule, onChange }: ScheduleControlProps) {
  const [, count = '', unit = 'm'] = /^every\s+(\d{1,4})([mhdw])$/.exec(schedule) ?? [];
  const [lastUnit, setUnit] = useState(unit);
  const change = (number: string, chosen: string): void => {
    setUnit(chosen);
    if (/^[1-9]\d{0,3}$/.test(number)) onChange(`every ${number}${chosen}`);
  };
  return (
    <div class="row" role="group" aria-label={t('interval')}>
      <span>{t('every')}</span>
      <input
        class="short-number"
        type="number"
        min="1"
        max="9999"
        aria-label={t('intervalCount')}
        value={count}
        onInput={(event) => change(event.currentTarget.value, count === '' ? lastUnit : unit)}
      />
      <Select
        class="short-select"
        aria-label={t('intervalUnit')}
        value={count === '' ? lastUnit : unit}
        choices={UNITS.map((value) => ({ value, label: t(`unit_${value}`) }))}
        onChange={(chosen) => change(count, chosen)}
      />
    </div>
  );
}

function Once({ schedule, onChange }: ScheduleControlProps) {
  const [, at = ''] = /^at\s+(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})$/.exec(schedule) ?? [];
  return (
    <div class="row" role="group" aria-label={t('once')}>
      <label class="row">
        <span>{t('onceAt')}</span>
        <input
          class="short-time"
          type="datetime-local"
          value={at}
          onInput={(event) => event.currentTarget.value !== '' && onChange(`at ${event.currentTarget.value}`, ownZone())}
        />
      </label>
      <Button text={t('presetOnce')} onClick={() => onChange(`at ${fieldTime(Date.now() + SOON_MS).slice(0, 16)}`, ownZone())} />
    </div>
  );
}

export function ScheduleControl(props: ScheduleControlProps) {
  const { schedule, error, onChange } = props;
  return (
    <>
      <Words onChange={onChange} />
      <div class="row" role="group" aria-label={t('presets')}>
        {PRESETS.map(([key, preset]) => (
          <Button key={key} text={t(key)} onClick={() => onChange(preset)} />
        ))}
      </div>
      <Interval {...props} />
      <Once {...props} />
      <TextField
        label={t('schedule')}
        value={schedule}
        onInput={(text) => onChange(text)}
        hint={t('scheduleHint')}
        error={error}
        isCode
        required
      />
    </>
  );
}
