/** When a job may fire: the hours, and the days on which they begin. */
import { CheckField, TextField } from '../../../components/field/field.js';
import { bind } from '../../../components/form/form.js';
import { dateText } from '../../../components/time-text/time-text.js';
import { t } from '../text.js';
import { daysOf, type HoursDraft, WEEK } from './hours.js';

interface HoursProps {
  readonly form: { readonly fields: HoursDraft; readonly set: (change: Partial<HoursDraft>) => void };
  readonly error: string | undefined;
}

function dayName(day: number): string {
  // 1970 began on a Thursday.
  return dateText((day + 3) * 86_400_000, { weekday: 'short', timeZone: 'UTC' });
}

export function ActiveHoursFields({ form, error }: HoursProps) {
  const { fields, set } = form;
  const days = daysOf(fields.activeDays);
  const toggle = (day: number, isChosen: boolean): void =>
    set({ activeDays: WEEK.filter((one) => (one === day ? isChosen : days.includes(one))).join('') });
  return (
    <>
      <div class="job-pairs">
        <TextField label={t('activeFrom')} {...bind(form, 'activeFrom')} type="time" hint={t('activeHint')} error={error} />
        <TextField label={t('activeTo')} {...bind(form, 'activeTo')} type="time" />
      </div>
      <fieldset class="field active-days">
        <legend>{t('activeDays')}</legend>
        <div class="row">
          {WEEK.map((day) => (
            <CheckField key={day} label={dayName(day)} isChecked={days.includes(day)} onChange={(isChosen) => toggle(day, isChosen)} />
          ))}
        </div>
      </fieldset>
    </>
  );
}
