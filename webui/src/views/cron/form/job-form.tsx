/** Creates or changes a job: when, what, where to; the rest is folded. */
import { useEffect, useRef } from 'preact/hooks';
import type { ChannelDocument } from '../../../../../shared/api/channels.js';
import type { ModelList } from '../../../../../shared/api/models.js';
import { type Call, call, make } from '../../../api/client.js';
import { useResource } from '../../../api/use-resource.js';
import { Button } from '../../../components/button/button.js';
import { ErrorBox } from '../../../components/feedback/feedback.js';
import { SelectField, TextArea, TextField } from '../../../components/field/field.js';
import { CopyCommand } from '../../../components/copy-command/copy-command.js';
import { bind } from '../../../components/form/form.js';
import { Segmented } from '../../../components/segmented/segmented.js';
import { showToast } from '../../../components/toast/toast.js';
import { useCommands } from '../../../shell/commands.js';
import { address, hashOf, navigate, navigateLater } from '../../../shell/router.js';
import { t as shell } from '../../../shell/text.js';
import type { Job } from '../cron-api.js';
import { t } from '../text.js';
import { Advanced, type PartProps, targetsOf } from './advanced.js';
import { draftOf, saveCall, useDraft } from './draft.js';
import { readExample } from './examples.js';
import { ScheduleField, useSchedule } from './schedule-field.js';
import { useSaving } from './use-saving.js';

interface JobFormProps {
  /** The job to change; without it, or with `isCopy`, a new one is created. */
  readonly job: Job | undefined;
  readonly isCopy?: boolean;
  /** The id of a job that was deleted while it was being changed: a new one is created from that draft. */
  readonly deleted?: string | undefined;
  readonly onSaved: () => void;
  readonly onCancel: () => void;
}

interface Choices {
  /** `channel/account`. */
  readonly channels: readonly string[];
  readonly models: readonly string[];
  /** Undefined until they are read. */
  readonly agents: readonly string[] | undefined;
}

function useChoices(): Choices {
  const channels = useResource((signal) => call<{ channels: ChannelDocument[] }>('GET', '/api/channels', { signal }), []);
  const models = useResource((signal) => call<ModelList>('GET', '/api/models', { signal }), []);
  return {
    channels: (channels.value?.channels ?? [])
      .filter(({ state }) => state !== 'off')
      .map(({ channel, accountId }) => `${channel}/${accountId}`),
    models: (models.value?.models ?? []).map(({ id }) => id),
    agents: models.value?.defaults.map(({ agentId }) => agentId),
  };
}

/** Only where there is a choice. An agent that was removed since is a fault. */
function AgentField({ form: { fields, set }, faults, agents }: Pick<PartProps, 'form' | 'faults'> & { agents: Choices['agents'] }) {
  const field = useRef<HTMLDivElement>(null);
  const { agent } = fields;
  const isGone = agents !== undefined && agent !== '' && !agents.includes(agent);
  useEffect(() => {
    if (isGone && document.activeElement?.closest('form') === null) field.current?.querySelector('select')?.focus();
  }, [isGone]);
  if (agents === undefined || (agents.length < 2 && !isGone)) return null;
  return (
    <div ref={field}>
      <SelectField
        label={t('agent')}
        value={agent}
        onChange={(next) => set({ agent: next })}
        error={faults.agent ?? (isGone ? t('agentGone', { agent }) : undefined)}
        choices={[{ value: '', label: t('agentDefault') }, ...new Set([...agents, agent].filter((id) => id !== ''))]}
      />
    </div>
  );
}

function What({ form, faults, channels, agents }: PartProps & { agents: Choices['agents'] }) {
  const { fields: draft, set } = form;
  // A message needs a channel: if there is only one, it is chosen.
  const only = channels.length === 1 ? channels[0] : undefined;
  return (
    <section class="card job-fields">
      <Segmented
        label={t('mode')}
        value={draft.mode}
        onChange={(mode) => set({ mode, ...(mode === 'direct' && draft.target === '' && only !== undefined ? { target: only } : {}) })}
        choices={[
          { value: 'agent', label: t('modeAgent') },
          { value: 'direct', label: t('modeDirect') },
        ]}
      />
      {draft.mode === 'agent' && <AgentField {...{ form, faults, agents }} />}
      <TextArea label={t(draft.mode === 'agent' ? 'task' : 'message')} {...bind(form, 'message')} rows={4} error={faults.message} />
      <div class="job-pairs">
        <SelectField
          label={t('target')}
          value={draft.target}
          onChange={(target) => set({ target })}
          hint={draft.target === '' && draft.mode === 'agent' ? t('targetNone') : undefined}
          error={faults.target}
          choices={targetsOf(channels, draft.target, t(draft.mode === 'direct' ? 'choose' : 'nowhere'))}
        />
        {draft.target !== '' && <TextField label={t('chat')} {...bind(form, 'chat')} error={faults.chat} />}
      </div>
      <TextField label={t('nameField')} {...bind(form, 'name')} placeholder={t('nameHint')} error={faults.name} />
    </section>
  );
}

/** What the form drafts. */
function draftName({ job, isCopy = false, deleted }: JobFormProps, isExample: boolean): string {
  if (job === undefined) return deleted ?? (isExample ? 'example' : 'new');
  return isCopy ? `${job.id}/copy` : job.id;
}

export function JobForm(props: JobFormProps) {
  const { job, isCopy = false, deleted, onSaved, onCancel } = props;
  const example = readExample(address.value.query['example']);
  const id = draftName(props, example !== undefined);
  const draft = useDraft(id, deleted === undefined ? { ...draftOf(job, isCopy), ...example } : undefined);
  const { fields, set, wasKept, create, drop } = draft;
  const choices = useChoices();
  const changed = isCopy ? undefined : job;
  const saving = (): Call => saveCall(fields, changed);
  const save = async (): Promise<void> => {
    const navigateThen = navigateLater();
    const { job: saved } = await (changed === undefined ? create() : make<{ job: Job }>(saving()));
    drop();
    onSaved();
    const page = hashOf('cron', [saved.id]);
    if (navigateThen(page)) return;
    showToast({ text: t('isSaved', { name: saved.name }), action: { label: t('openJob'), run: () => navigate(page) } });
  };
  const cancel = (): void => {
    drop();
    onCancel();
  };
  const { form, faults, error, isBusy, onSubmit } = useSaving(fields, save);
  useCommands([{ id: 'cron-save', label: shell('save'), icon: 'check', keys: 'mod+s', run: () => form.current?.requestSubmit() }]);
  const reading = useSchedule(fields, changed?.id);
  const zoneFault = reading.fault?.field === 'timezone' ? { timezone: reading.fault.message } : {};
  const parts = { form: { fields, set }, faults: { ...faults, ...zoneFault }, channels: choices.channels };
  return (
    <form class="job-form" ref={form} onSubmit={onSubmit} noValidate>
      {(wasKept || deleted !== undefined) && (
        <p class="job-kept" role="status">
          {t(deleted === undefined ? 'draftKept' : 'draftOfDeleted')}
          <Button kind="quiet" text={shell('discard')} onClick={drop} />
        </p>
      )}
      <section class="card job-fields">
        <ScheduleField draft={fields} reading={reading} error={faults.when} set={set} />
      </section>
      <What {...parts} agents={choices.agents} />
      <Advanced {...parts} models={choices.models} />
      {error !== undefined && <ErrorBox error={error} />}
      <div class="row">
        <Button kind="primary" type="submit" isBusy={isBusy} text={changed === undefined ? t('create') : shell('save')} />
        <Button text={shell('cancel')} onClick={cancel} />
        <CopyCommand call={saving} isMenu />
      </div>
    </form>
  );
}
