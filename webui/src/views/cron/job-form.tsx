/** Creates or changes a job. The schedule is shown in words, with its next runs, while it is typed. */
import { useMemo } from 'preact/hooks';
import type { CronJobInput } from '../../../../shared/api/cron.js';
import { type Call, make } from '../../api/client.js';
import { Button } from '../../components/button/button.js';
import { bind, CopyAs, useFields, useWork } from '../../components/form/form.js';
import { ErrorBox } from '../../components/feedback/feedback.js';
import { CheckField, SelectField, TextArea, TextField } from '../../components/field/field.js';
import { type Job, saveCall } from './cron-api.js';
import { NextRuns, usePreview } from './preview.js';
import { ScheduleControl } from './schedule-control.js';
import { t as shell } from '../../shell/text.js';
import { t } from './text.js';

interface JobFormProps {
  /** The job to change; without it, or with `isCopy`, a new one is created. */
  readonly job: Job | undefined;
  readonly isCopy?: boolean;
  readonly channels: readonly string[];
  readonly models: readonly string[];
  readonly onDone: (job: Job) => void;
  readonly onCancel: () => void;
}

/** Returns the texts and choices that the fields hold. */
function draftOf(job: Job | undefined, isCopy: boolean) {
  return {
    name: job === undefined ? '' : isCopy ? t('copyOf', { name: job.name }) : job.name,
    schedule: job?.schedule ?? '0 9 * * 1-5',
    timezone: job?.timezone ?? '',
    message: job?.message ?? '',
    mode: job?.mode ?? 'agent',
    target: job?.channel === null || job === undefined ? '' : [job.channel, job.accountId].filter(Boolean).join('/'),
    chat: String(job?.chat_id ?? ''),
    model: job?.model ?? '',
    overlap: job?.overlap ?? 'skip',
    missed: job?.missed ?? 'once',
    timeout: job === undefined ? '' : String(Math.round(job.timeoutMs / 1_000)),
    retries: job === undefined ? '' : String(job.retries),
    notifyAfter: job === undefined ? '' : String(job.notifyAfter),
    alertTarget: job === undefined || job.alertChannel === null ? '' : [job.alertChannel, job.alertAccountId].filter(Boolean).join('/'),
    alertChat: String(job?.alertChatId ?? ''),
    enabled: job?.enabled ?? true,
  };
}

type Draft = ReturnType<typeof draftOf>;

/** Empty fields get the gateway's defaults in a new job, and are emptied in a changed one. */
function inputOf(draft: Draft, isChange: boolean): CronJobInput {
  const [channel = '', accountId = ''] = draft.target.split('/');
  const [alertChannel = '', alertAccountId = ''] = draft.alertTarget.split('/');
  const text = (value: string): string | null | undefined => (value.trim() === '' ? (isChange ? null : undefined) : value.trim());
  const number = (value: string, factor = 1): number | undefined => (value.trim() === '' ? undefined : Number(value) * factor);
  const fields = {
    name: draft.name.trim() === '' ? undefined : draft.name.trim(),
    schedule: draft.schedule.trim(),
    timezone: draft.timezone.trim() === '' ? undefined : draft.timezone.trim(),
    message: draft.message,
    mode: draft.mode,
    channel: text(channel),
    accountId: text(accountId),
    chat_id: channel === '' ? text('') : text(draft.chat),
    model: draft.mode === 'agent' ? text(draft.model) : isChange ? null : undefined,
    overlap: draft.overlap,
    missed: draft.missed,
    timeoutMs: number(draft.timeout, 1_000),
    retries: number(draft.retries),
    notifyAfter: number(draft.notifyAfter),
    alertChannel: text(alertChannel),
    alertAccountId: text(alertAccountId),
    alertChatId: alertChannel === '' ? text('') : text(draft.alertChat),
    enabled: draft.enabled,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as CronJobInput;
}

type Form = ReturnType<typeof useFields<Draft>>;

interface PartProps {
  readonly form: Form;
  readonly channels: readonly string[];
}

function When({ form, jobId }: { form: Form; jobId: string | undefined }) {
  const { fields: draft, set } = form;
  const { preview, fault } = usePreview({ schedule: draft.schedule, timezone: draft.timezone, jobId });
  const zones = useMemo(() => Intl.supportedValuesOf('timeZone'), []);
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const faultOf = (field: string): string | undefined => (fault?.field === field ? fault.message : undefined);
  return (
    <fieldset class="card job-when">
      <legend>{t('when')}</legend>
      <div class="job-fields">
        <ScheduleControl
          schedule={draft.schedule}
          error={faultOf('schedule')}
          onChange={(schedule, timezone) => set({ schedule, ...(timezone === undefined ? {} : { timezone }) })}
        />
        <TextField
          label={t('timezone')}
          {...bind(form, 'timezone')}
          placeholder={t('timezoneHost')}
          hint={t('timezoneHint', { zone: own })}
          error={faultOf('timezone')}
          list="time-zones"
        />
        <datalist id="time-zones">
          {zones.map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
      </div>
      <div class="job-preview">
        <h2>{t('next')}</h2>
        {preview === undefined ? <p class="hint">{t('previewEmpty')}</p> : <NextRuns preview={preview} />}
      </div>
    </fieldset>
  );
}

/** Returns the channels to choose from, after an entry for none; the chosen one is always among them. */
function targetsOf(channels: readonly string[], chosen: string, none: string) {
  return [{ value: '', label: none }, ...new Set([...channels, chosen].filter((target) => target !== ''))];
}

function What({ form, channels, models }: PartProps & { models: readonly string[] }) {
  const { fields: draft, set } = form;
  return (
    <fieldset class="card job-fields">
      <legend>{t('what')}</legend>
      <TextArea label={t('message')} {...bind(form, 'message')} rows={3} hint={t('messageHint')} />
      <SelectField
        label={t('mode')}
        value={draft.mode}
        onChange={(mode) => set({ mode })}
        choices={[
          { value: 'agent', label: t('modeAgent') },
          { value: 'direct', label: t('modeDirect') },
        ]}
      />
      {draft.mode === 'agent' && (
        <SelectField
          label={t('model')}
          value={draft.model}
          onChange={(model) => set({ model })}
          choices={[{ value: '', label: t('modelDefault') }, ...models]}
        />
      )}
      <SelectField
        label={t('target')}
        value={draft.target}
        onChange={(target) => set({ target })}
        hint={draft.target !== '' ? undefined : t(draft.mode === 'direct' ? 'targetNeeded' : 'targetNone')}
        choices={targetsOf(channels, draft.target, t('nowhere'))}
      />
      {draft.target !== '' && <TextField label={t('chat')} {...bind(form, 'chat')} required />}
    </fieldset>
  );
}

function Alert({ form, channels }: PartProps) {
  const { fields: draft, set } = form;
  return (
    <>
      <TextField label={t('notifyAfter')} {...bind(form, 'notifyAfter')} placeholder={t('byDefault')} />
      <SelectField
        label={t('alertTarget')}
        value={draft.alertTarget}
        onChange={(alertTarget) => set({ alertTarget })}
        hint={draft.target === '' && draft.alertTarget === '' ? t('alertNowhere') : undefined}
        choices={targetsOf(channels, draft.alertTarget, t('alertOwn'))}
      />
      {draft.alertTarget !== '' && <TextField label={t('alertChat')} {...bind(form, 'alertChat')} required />}
    </>
  );
}

function Policy({ form, channels }: PartProps) {
  const { fields: draft, set } = form;
  return (
    <details class="card job-policy">
      <summary>{t('policy')}</summary>
      <div class="job-fields">
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
        <TextField label={t('timeout')} {...bind(form, 'timeout')} placeholder={t('byDefault')} />
        <TextField label={t('retries')} {...bind(form, 'retries')} placeholder={t('byDefault')} />
        <Alert form={form} channels={channels} />
      </div>
    </details>
  );
}

export function JobForm({ job, isCopy = false, channels, models, onDone, onCancel }: JobFormProps) {
  const form = useFields(() => draftOf(job, isCopy));
  const { fields: draft, set } = form;
  const { busy, error, run } = useWork();
  const changed = isCopy ? undefined : job;
  const saving = (): Call => saveCall(inputOf(draft, changed !== undefined), changed);
  const save = async (): Promise<void> => onDone((await make<{ job: Job }>(saving())).job);
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    void run('save', save);
  };
  const isReady = draft.message.trim() !== '' && draft.schedule.trim() !== '';
  return (
    <form class="job-form" onSubmit={onSubmit}>
      <TextField label={t('name')} {...bind(form, 'name')} placeholder={t('nameHint')} />
      <When form={form} jobId={changed?.id} />
      <What form={form} channels={channels} models={models} />
      <Policy form={form} channels={channels} />
      <CheckField label={t('enabled')} isChecked={draft.enabled} onChange={(enabled) => set({ enabled })} />
      {error !== undefined && <ErrorBox error={error} />}
      <div class="row">
        <Button
          kind="primary"
          type="submit"
          isBusy={busy !== undefined}
          disabled={!isReady}
          text={changed === undefined ? t('create') : shell('save')}
        />
        <Button text={shell('cancel')} onClick={onCancel} />
        <CopyAs call={saving} />
      </div>
    </form>
  );
}
