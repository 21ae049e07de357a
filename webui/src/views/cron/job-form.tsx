/** Makes or changes a job. The schedule is told in words and times while it is typed. */
import { useMemo, useState } from 'preact/hooks';
import { Button } from '../../components/button.js';
import { CopyAs } from '../../components/copy-as.js';
import { ErrorBox } from '../../components/feedback.js';
import { CheckField, SelectField, TextArea, TextField } from '../../components/field.js';
import { type Job, type JobInput, saveCall, saveJob } from './cron-api.js';
import { NextRuns, usePreview } from './preview.js';
import { ScheduleControl } from './schedule-control.js';
import { t as shell } from '../../shell/text.js';
import { t } from './text.js';

export interface JobFormProps {
  /** The job that is changed; without it, or with `isCopy`, a new one is made. */
  readonly job: Job | undefined;
  readonly isCopy?: boolean;
  readonly channels: readonly string[];
  readonly models: readonly string[];
  readonly onDone: (job: Job) => void;
  readonly onCancel: () => void;
}

/** As the fields hold it. */
export interface Draft {
  readonly name: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly message: string;
  readonly mode: 'direct' | 'agent';
  readonly target: string;
  readonly chat: string;
  readonly model: string;
  readonly overlap: Job['overlap'];
  readonly missed: Job['missed'];
  readonly timeout: string;
  readonly retries: string;
  readonly notifyAfter: string;
  readonly alertTarget: string;
  readonly alertChat: string;
  readonly enabled: boolean;
}

function draftOf(job: Job | undefined, isCopy: boolean): Draft {
  return {
    name: job === undefined ? '' : isCopy ? t('copyOf', { name: job.name }) : job.name,
    schedule: job?.schedule ?? '0 9 * * 1-5',
    timezone: job?.timezone ?? '',
    message: job?.message ?? '',
    mode: job?.mode ?? 'agent',
    target: job?.channel === null || job === undefined ? '' : [job.channel, job.accountId].filter(Boolean).join('/'),
    chat: job?.chat_id ?? '',
    model: job?.model ?? '',
    overlap: job?.overlap ?? 'skip',
    missed: job?.missed ?? 'once',
    timeout: job === undefined ? '' : String(Math.round(job.timeoutMs / 1_000)),
    retries: job === undefined ? '' : String(job.retries),
    notifyAfter: job === undefined ? '' : String(job.notifyAfter),
    alertTarget: job === undefined || job.alertChannel === null ? '' : [job.alertChannel, job.alertAccountId].filter(Boolean).join('/'),
    alertChat: job?.alertChatId ?? '',
    enabled: job?.enabled ?? true,
  };
}

/** Empty fields are left to the gateway's defaults; those of a job that is changed are emptied. */
function inputOf(draft: Draft, isChange: boolean): JobInput {
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
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JobInput;
}

interface PartProps {
  readonly draft: Draft;
  readonly set: (change: Partial<Draft>) => void;
}

function When({ draft, set }: PartProps) {
  const { preview, fault } = usePreview(draft.schedule, draft.timezone);
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
          value={draft.timezone}
          onInput={(timezone) => set({ timezone })}
          placeholder={t('timezoneHost')}
          hint={t('timezoneHint', { zone: own })}
          error={faultOf('timezone')}
          list="time-zones"
          autocomplete="off"
        />
        <datalist id="time-zones">
          {zones.map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
      </div>
      <div class="job-preview">
        <h2>{t('next')}</h2>
        <NextRuns preview={preview} />
      </div>
    </fieldset>
  );
}

function What({ draft, set, channels, models }: PartProps & { channels: readonly string[]; models: readonly string[] }) {
  const targets = [...new Set([...channels, ...(draft.target === '' ? [] : [draft.target])])];
  return (
    <fieldset class="card job-fields">
      <legend>{t('what')}</legend>
      <TextArea label={t('message')} value={draft.message} rows={3} onInput={(message) => set({ message })} hint={t('messageHint')} />
      <SelectField
        label={t('mode')}
        value={draft.mode}
        onChange={(mode) => set({ mode: mode === 'agent' ? 'agent' : 'direct' })}
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
          choices={[{ value: '', label: t('modelDefault') }, ...models.map((id) => ({ value: id, label: id }))]}
        />
      )}
      <SelectField
        label={t('target')}
        value={draft.target}
        onChange={(target) => set({ target })}
        hint={draft.target !== '' ? undefined : t(draft.mode === 'direct' ? 'targetNeeded' : 'targetNone')}
        choices={[{ value: '', label: t('nowhere') }, ...targets.map((id) => ({ value: id, label: id }))]}
      />
      {draft.target !== '' && (
        <TextField label={t('chat')} value={draft.chat} onInput={(chat) => set({ chat })} autocomplete="off" required />
      )}
    </fieldset>
  );
}

function Alert({ draft, set, channels }: PartProps & { channels: readonly string[] }) {
  const targets = [...new Set([...channels, ...(draft.alertTarget === '' ? [] : [draft.alertTarget])])];
  return (
    <>
      <TextField
        label={t('notifyAfter')}
        value={draft.notifyAfter}
        onInput={(notifyAfter) => set({ notifyAfter })}
        placeholder={t('byDefault')}
      />
      <SelectField
        label={t('alertTarget')}
        value={draft.alertTarget}
        onChange={(alertTarget) => set({ alertTarget })}
        hint={draft.target === '' && draft.alertTarget === '' ? t('alertNowhere') : undefined}
        choices={[{ value: '', label: t('alertOwn') }, ...targets.map((id) => ({ value: id, label: id }))]}
      />
      {draft.alertTarget !== '' && (
        <TextField label={t('alertChat')} value={draft.alertChat} onInput={(alertChat) => set({ alertChat })} autocomplete="off" required />
      )}
    </>
  );
}

function Policy({ draft, set, channels }: PartProps & { channels: readonly string[] }) {
  return (
    <details class="card job-policy">
      <summary>{t('policy')}</summary>
      <div class="job-fields">
        <SelectField
          label={t('overlap')}
          value={draft.overlap}
          onChange={(overlap) => set({ overlap: overlap as Draft['overlap'] })}
          choices={(['skip', 'queue', 'replace'] as const).map((value) => ({ value, label: t(`overlap_${value}`) }))}
        />
        <SelectField
          label={t('missed')}
          value={draft.missed}
          onChange={(missed) => set({ missed: missed as Draft['missed'] })}
          choices={(['once', 'skip'] as const).map((value) => ({ value, label: t(`missed_${value}`) }))}
        />
        <TextField label={t('timeout')} value={draft.timeout} onInput={(timeout) => set({ timeout })} placeholder={t('byDefault')} />
        <TextField label={t('retries')} value={draft.retries} onInput={(retries) => set({ retries })} placeholder={t('byDefault')} />
        <Alert draft={draft} set={set} channels={channels} />
      </div>
    </details>
  );
}

export function JobForm({ job, isCopy = false, channels, models, onDone, onCancel }: JobFormProps) {
  const [draft, setDraft] = useState(() => draftOf(job, isCopy));
  const [error, setError] = useState<unknown>(undefined);
  const [isBusy, setBusy] = useState(false);
  const set = (change: Partial<Draft>): void => setDraft((before) => ({ ...before, ...change }));
  const changed = isCopy ? undefined : job;
  const input = (): JobInput => inputOf(draft, changed !== undefined);
  const save = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      onDone(await saveJob(input(), changed));
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <form
      class="job-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextField label={t('name')} value={draft.name} onInput={(name) => set({ name })} placeholder={t('nameHint')} autocomplete="off" />
      <When draft={draft} set={set} />
      <What draft={draft} set={set} channels={channels} models={models} />
      <Policy draft={draft} set={set} channels={channels} />
      <CheckField label={t('enabled')} isChecked={draft.enabled} onChange={(enabled) => set({ enabled })} />
      {error !== undefined && <ErrorBox error={error} />}
      <div class="row">
        <Button kind="primary" type="submit" isBusy={isBusy} disabled={draft.message.trim() === '' || draft.schedule.trim() === ''}>
          {changed === undefined ? t('create') : shell('save')}
        </Button>
        <Button onClick={onCancel}>{shell('cancel')}</Button>
        <CopyAs call={() => saveCall(input(), changed)} />
      </div>
    </form>
  );
}
