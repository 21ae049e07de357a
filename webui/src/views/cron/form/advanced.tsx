/** The settings of a job that few people change: model, time zone, overlaps, missed and failed runs, alerts. */
import { useMemo, useState } from 'preact/hooks';
import { accountName, channelName } from '../../../components/channel-name/channel-name.js';
import { CheckField, SelectField, TextField } from '../../../components/field/field.js';
import { bind } from '../../../components/form/form.js';
import { ownZone } from '../job-time.js';
import { t } from '../text.js';
import { ActiveHoursFields } from './active-hours.js';
import type { Draft } from './draft.js';
import type { Faults } from './faults.js';

export interface PartProps {
  readonly form: { readonly fields: Draft; readonly set: (change: Partial<Draft>) => void };
  readonly faults: Faults;
  readonly channels: readonly string[];
}

/** `Webhook · alerts` for `webhook/alerts`. */
function targetName(target: string): string {
  const [channel = '', accountId] = target.split('/');
  return accountId === undefined ? channelName(channel) : accountName(channel, accountId);
}

/** Returns the channels to choose from, after an entry for none; the chosen one is always among them. */
export function targetsOf(channels: readonly string[], chosen: string, none: string) {
  const targets = [...new Set([...channels, chosen].filter((target) => target !== ''))];
  return [{ value: '', label: none }, ...targets.map((value) => ({ value, label: targetName(value) }))];
}

function Zone({ form, faults }: PartProps) {
  const zones = useMemo(() => Intl.supportedValuesOf('timeZone'), []);
  return (
    <>
      <TextField
        label={t('timezone')}
        {...bind(form, 'timezone')}
        placeholder={t('timezoneHost')}
        hint={t('timezoneHint', { zone: ownZone() })}
        error={faults.timezone}
        list="time-zones"
      />
      <datalist id="time-zones">
        {zones.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}

function Alert({ form, faults, channels }: PartProps) {
  const { fields: draft, set } = form;
  return (
    <>
      <TextField label={t('notifyAfter')} {...bind(form, 'notifyAfter')} placeholder={t('byDefault')} error={faults.notifyAfter} />
      <SelectField
        label={t('alertTarget')}
        value={draft.alertTarget}
        onChange={(alertTarget) => set({ alertTarget })}
        hint={draft.target === '' && draft.alertTarget === '' ? t('alertNowhere') : undefined}
        error={faults.alertTarget}
        choices={targetsOf(channels, draft.alertTarget, t('alertOwn'))}
      />
      {draft.alertTarget !== '' && <TextField label={t('alertChat')} {...bind(form, 'alertChat')} error={faults.alertChat} />}
    </>
  );
}

/** Whether one of the folded fields is invalid. */
const hasFault = ({ timezone, active, model, dailyUsd, grace, timeout, retries, notifyAfter, alertTarget, alertChat }: Faults): boolean =>
  [timezone, active, model, dailyUsd, grace, timeout, retries, notifyAfter, alertTarget, alertChat].some((fault) => fault !== undefined);

export function Advanced({ models, ...props }: PartProps & { models: readonly string[] }) {
  const { form, faults } = props;
  const { fields: draft, set } = form;
  const [isOpen, setOpen] = useState(false);
  // An error is never hidden in a folded section, and nothing folds by itself.
  if (!isOpen && hasFault(faults)) setOpen(true);
  return (
    <details class="card job-advanced" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('advanced')}</summary>
      <div class="job-pairs">
        <ActiveHoursFields form={form} error={faults.active} />
        <Zone {...props} />
        {draft.mode === 'agent' && (
          <SelectField
            label={t('model')}
            value={draft.model}
            onChange={(model) => set({ model })}
            error={faults.model}
            choices={[{ value: '', label: t('modelDefault') }, ...new Set([...models, draft.model].filter((model) => model !== ''))]}
          />
        )}
        {draft.mode === 'agent' && (
          <TextField
            label={t('dailyUsd')}
            {...bind(form, 'dailyUsd')}
            inputMode="decimal"
            placeholder={t('byDefault')}
            error={faults.dailyUsd}
          />
        )}
        <SelectField
          label={t('overlap')}
          value={draft.overlap}
          onChange={(overlap) => set({ overlap })}
          choices={(['skip', 'queue', 'replace'] as const).map((value) => ({ value, label: t(`overlap_${value}`) }))}
        />
        <SelectField
          label={t('missed')}
          value={draft.missed}
          onChange={(missed) => set({ missed })}
          choices={(['once', 'skip'] as const).map((value) => ({ value, label: t(`missed_${value}`) }))}
        />
        {draft.missed === 'once' && (
          <TextField label={t('grace')} {...bind(form, 'grace')} placeholder={t('byDefault')} error={faults.grace} />
        )}
        <TextField label={t('timeout')} {...bind(form, 'timeout')} placeholder={t('byDefault')} error={faults.timeout} />
        <TextField label={t('retries')} {...bind(form, 'retries')} placeholder={t('byDefault')} error={faults.retries} />
        <Alert {...props} />
        <CheckField label={t('enabledField')} isChecked={draft.enabled} onChange={(enabled) => set({ enabled })} />
      </div>
    </details>
  );
}
