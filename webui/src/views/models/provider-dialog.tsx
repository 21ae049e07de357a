/** Adds or changes a provider: address, key, name. It can be tested before it is saved. */
import { useState } from 'preact/hooks';
import type { ProviderTestResult } from '../../../../shared/api/models.js';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import { make } from '../../api/client.js';
import { Button } from '../../components/button/button.js';
import { SelectField, TextArea, TextField } from '../../components/field/field.js';
import { bind, FormDialog, useFields, useWork } from '../../components/form/form.js';
import { type Provider, type ProviderFields, saveCall, type Setup, suggestId, testProvider } from './models-api.js';
import { Report } from './results.js';
import { t } from './text.js';

interface ProviderDialogProps {
  /** The provider to change; undefined adds one. */
  readonly provider: Provider | undefined;
  /** Its models as written. */
  readonly entries: Setup['entries'][string];
  readonly onClose: () => void;
  readonly onSaved: (id: string) => void;
}

/** Local servers at their default ports, and common hosted providers. */
const TEMPLATES = [
  ['Ollama', 'http://127.0.0.1:11434/v1'],
  ['LM Studio', 'http://127.0.0.1:1234/v1'],
  ['llama.cpp', 'http://127.0.0.1:8080/v1'],
  ['vLLM', 'http://127.0.0.1:8000/v1'],
  ['OpenRouter', 'https://openrouter.ai/api/v1'],
  ['OpenAI', 'https://api.openai.com/v1'],
  ['DeepSeek', 'https://api.deepseek.com/v1'],
  ['Groq', 'https://api.groq.com/openai/v1'],
] as const;

const API_NAMES: Readonly<Record<ApiKind, string>> = {
  'openai-completions': 'OpenAI Chat Completions',
  'openai-responses': 'OpenAI Responses',
  'anthropic-messages': 'Anthropic Messages',
  'google-generative-ai': 'Google Generative AI',
};

function Templates({ onChoose }: { onChoose: (baseUrl: string) => void }) {
  return (
    <div class="row" role="group" aria-label={t('templates')}>
      {TEMPLATES.map(([name, url]) => (
        <Button key={name} text={name} onClick={() => onChoose(url)} />
      ))}
    </div>
  );
}

function useProviderForm({ provider, entries, onSaved }: ProviderDialogProps) {
  const { fields, set: setFields } = useFields<ProviderFields>({
    id: provider?.id ?? '',
    baseUrl: provider?.baseUrl ?? '',
    api: (provider?.api ?? 'openai-completions') as ApiKind,
    apiKey: '',
    models: entries.map(({ id }) => id).join('\n'),
  });
  const [report, setReport] = useState<ProviderTestResult | undefined>(undefined);
  const id = fields.id.trim() === '' ? suggestId(fields.baseUrl) : fields.id.trim();
  const set = (change: Partial<ProviderFields>): void => {
    setFields(change);
    setReport(undefined);
  };
  const test = async (): Promise<void> => {
    const { baseUrl, api, apiKey } = fields;
    const stored = provider === undefined ? {} : { id: provider.id };
    setReport(await testProvider({ baseUrl, api, ...stored, ...(apiKey === '' ? {} : { apiKey }) }));
  };
  const saving = () => saveCall({ ...fields, id }, entries);
  const save = async (): Promise<void> => {
    await make(saving());
    onSaved(id);
  };
  return { form: { fields, set }, id, report, test, saving, save };
}

function MoreFields({ form }: { form: ReturnType<typeof useProviderForm>['form'] }) {
  const { api, models } = form.fields;
  return (
    <details open={api !== 'openai-completions' || models !== ''}>
      <summary>{t('moreFields')}</summary>
      <div class="more-fields">
        <SelectField
          label={t('api')}
          value={api}
          onChange={(value) => form.set({ api: value })}
          choices={Object.entries(API_NAMES).map(([name, label]) => ({ value: name as ApiKind, label }))}
        />
        <TextArea
          label={t('manual')}
          {...bind(form, 'models')}
          rows={Math.min(6, Math.max(2, models.split('\n').length))}
          isCode
          hint={t('manualHint')}
        />
      </div>
    </details>
  );
}

export function ProviderDialog(props: ProviderDialogProps) {
  const { provider, onClose } = props;
  const work = useWork();
  const { form, id, report, test, saving, save } = useProviderForm(props);
  const { fields, set } = form;
  const isNew = provider === undefined;
  const isReady = fields.baseUrl.trim() !== '' && id !== '';
  const testButton = (
    <Button isBusy={work.busy === 'test'} disabled={!isReady} text={t('test')} onClick={() => void work.run('test', test)} />
  );
  return (
    <FormDialog
      title={isNew ? t('add') : t('change', { name: provider.name })}
      size="wide"
      {...{ work, isReady, onClose }}
      call={saving}
      actions={testButton}
      onSubmit={save}
    >
      {isNew && <Templates onChoose={(baseUrl) => set({ baseUrl })} />}
      <TextField
        label={t('baseUrl')}
        {...bind(form, 'baseUrl')}
        placeholder="https://…/v1"
        hint={t('baseUrlHint')}
        isCode
        autoFocus={isNew}
        required
      />
      <TextField
        label={t('apiKey')}
        type="password"
        {...bind(form, 'apiKey')}
        placeholder={isNew ? t('apiKeyNone') : t('apiKeyKept')}
        hint={t('apiKeyHint', { reference: '${VARIABLE}' })}
      />
      {isNew && <TextField label={t('id')} {...bind(form, 'id')} placeholder={id} hint={t('idHint', { id: id === '' ? '…' : id })} />}
      <MoreFields form={form} />
      {report !== undefined && <Report report={report} onUseUrl={(baseUrl) => set({ baseUrl })} isLong />}
    </FormDialog>
  );
}
