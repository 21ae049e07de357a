/** Adds a provider, or changes one: address, key, name. It can be tested before it is saved. */
import { useState } from 'preact/hooks';
import { Button } from '../../components/button.js';
import { CopyAs } from '../../components/copy-as.js';
import { Dialog, DialogActions } from '../../components/dialog.js';
import { ErrorBox } from '../../components/feedback.js';
import { SelectField, TextArea, TextField } from '../../components/field.js';
import { t as shell } from '../../shell/text.js';
import {
  type ApiKind,
  type Provider,
  type ProviderFields,
  saveCall,
  saveProvider,
  type Setup,
  suggestId,
  type TestReport,
  testProvider,
} from './models-api.js';
import { Report } from './report.js';
import { t } from './text.js';

export interface ProviderDialogProps {
  /** The one that is changed. */
  readonly provider: Provider | undefined;
  /** Its models as written. */
  readonly entries: Setup['entries'][string];
  readonly onClose: () => void;
  readonly onSaved: (id: string) => void;
}

/** Servers that people run themselves, at their usual ports, and where all others begin. */
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
        <Button key={name} onClick={() => onChoose(url)}>
          {name}
        </Button>
      ))}
    </div>
  );
}

function useProviderForm({ provider, entries, onSaved }: ProviderDialogProps) {
  const [fields, setFields] = useState<ProviderFields>({
    id: provider?.id ?? '',
    baseUrl: provider?.baseUrl ?? '',
    api: (provider?.api ?? 'openai-completions') as ApiKind,
    apiKey: '',
    models: entries.map(({ id }) => id).join('\n'),
  });
  const [report, setReport] = useState<TestReport | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const [busy, setBusy] = useState<'test' | 'save' | undefined>(undefined);
  const id = fields.id.trim() === '' ? suggestId(fields.baseUrl) : fields.id.trim();
  const set = (change: Partial<ProviderFields>): void => {
    setFields((before) => ({ ...before, ...change }));
    setReport(undefined);
  };
  const attempt = async (kind: 'test' | 'save', work: () => Promise<void>): Promise<void> => {
    setBusy(kind);
    setError(undefined);
    await work().catch(setError);
    setBusy(undefined);
  };
  const test = (): Promise<void> =>
    attempt('test', async () => {
      const { baseUrl, api, apiKey } = fields;
      setReport(
        await testProvider({ baseUrl, api, ...(provider === undefined ? {} : { id: provider.id }), ...(apiKey === '' ? {} : { apiKey }) }),
      );
    });
  const save = (): Promise<void> =>
    attempt('save', async () => {
      await saveProvider({ ...fields, id }, entries);
      onSaved(id);
    });
  return { fields, id, set, report, error, busy, test, save };
}

function NameField({ id, value, onInput }: { id: string; value: string; onInput: (id: string) => void }) {
  const hint = t('idHint', { id: id === '' ? '…' : id });
  return <TextField label={t('id')} value={value} onInput={onInput} placeholder={id} hint={hint} autocomplete="off" />;
}

function MoreFields({ fields, set }: { fields: ProviderFields; set: (change: Partial<ProviderFields>) => void }) {
  return (
    <details open={fields.api !== 'openai-completions' || fields.models !== ''}>
      <summary>{t('moreFields')}</summary>
      <div class="more-fields">
        <SelectField
          label={t('api')}
          value={fields.api}
          onChange={(api) => set({ api: api as ApiKind })}
          choices={Object.entries(API_NAMES).map(([value, label]) => ({ value, label }))}
        />
        <TextArea
          label={t('manual')}
          value={fields.models}
          rows={Math.min(6, Math.max(2, fields.models.split('\n').length))}
          isCode
          onInput={(models) => set({ models })}
          hint={t('manualHint')}
        />
      </div>
    </details>
  );
}

export function ProviderDialog(props: ProviderDialogProps) {
  const { provider, onClose } = props;
  const { fields, id, set, report, error, busy, test, save } = useProviderForm(props);
  const isReady = fields.baseUrl.trim() !== '' && id !== '';
  return (
    <Dialog title={provider === undefined ? t('add') : t('change', { name: provider.name })} size="wide" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {provider === undefined && <Templates onChoose={(baseUrl) => set({ baseUrl })} />}
        <TextField
          label={t('baseUrl')}
          value={fields.baseUrl}
          onInput={(baseUrl) => set({ baseUrl })}
          placeholder="https://…/v1"
          hint={t('baseUrlHint')}
          autocomplete="off"
          spellcheck={false}
          autoFocus={provider === undefined}
          required
        />
        <TextField
          label={t('apiKey')}
          type="password"
          value={fields.apiKey}
          onInput={(apiKey) => set({ apiKey })}
          placeholder={provider === undefined ? t('apiKeyNone') : t('apiKeyKept')}
          hint={t('apiKeyHint', { reference: '${VARIABLE}' })}
          autocomplete="off"
        />
        {provider === undefined && <NameField id={id} value={fields.id} onInput={(value) => set({ id: value })} />}
        <MoreFields fields={fields} set={set} />
        {report !== undefined && <Report report={report} onUseUrl={(baseUrl) => set({ baseUrl })} isLong />}
        {error !== undefined && <ErrorBox error={error} />}
        <DialogActions>
          <CopyAs call={() => saveCall({ ...fields, id }, props.entries)} />
          <Button onClick={onClose}>{shell('cancel')}</Button>
          <Button isBusy={busy === 'test'} disabled={!isReady} onClick={() => void test()}>
            {t('test')}
          </Button>
          <Button kind="primary" type="submit" isBusy={busy === 'save'} disabled={!isReady}>
            {shell('save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
