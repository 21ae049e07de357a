/** Address, key and name of a provider. A new one is tested by itself as soon as it is complete, and then used. */
import { useRef, useState } from 'preact/hooks';
import type { ProviderTestResult } from '../../../../../shared/api/models.js';
import type { ApiKind } from '../../../../../shared/config/models-schema.js';
import { make } from '../../../api/client.js';
import { isCopyMode } from '../../../api/copy-mode.js';
import { useDelayed, useResource } from '../../../api/use-resource.js';
import { Button } from '../../../components/button/button.js';
import { SelectField, TextArea, TextField } from '../../../components/field/field.js';
import { bind, FormDialog, useFields, useWork } from '../../../components/form/form.js';
import { StatusDot } from '../../../components/status-dot/status-dot.js';
import { type Provider, type ProviderFields, readProviderIds, saveCall, type Setup, suggestId, testProvider } from '../models-api.js';
import { Report } from '../results.js';
import { t } from '../text.js';
import type { Choice } from './pick-provider.js';

interface FormProps {
  /** The provider to change, or the choice to add. */
  readonly provider: Provider | undefined;
  readonly choice: Choice | undefined;
  /** The provider's models as written. */
  readonly entries: Setup['entries'][string];
  readonly onBack?: () => void;
  readonly onClose: () => void;
  readonly onSaved: (id: string) => void;
}

const API_NAMES: Readonly<Record<ApiKind, string>> = {
  'openai-completions': 'OpenAI Chat Completions',
  'openai-responses': 'OpenAI Responses',
  'anthropic-messages': 'Anthropic Messages',
  'google-generative-ai': 'Google Generative AI',
};

/** Delay after the last key press. */
const TEST_AFTER_MS = 400;

function useProviderForm({ provider, choice, entries, onSaved }: FormProps) {
  const { fields, start, set } = useFields<ProviderFields>({
    id: provider?.id ?? '',
    baseUrl: provider?.baseUrl ?? choice?.baseUrl ?? '',
    api: (provider?.api ?? choice?.api ?? 'openai-completions') as ApiKind,
    apiKey: '',
    models: entries.map(({ id }) => id).join('\n'),
  });
  const [tested, setTested] = useState<{ readonly of: string; readonly report: ProviderTestResult } | undefined>(undefined);
  const [isTesting, setTesting] = useState(false);
  const { baseUrl, api, apiKey } = fields;
  const others = useResource(async (signal) => (provider === undefined ? readProviderIds(signal) : []), []);
  // What was sent is its own, also if the answer was lost.
  const sent = useRef<string | undefined>(undefined);
  const taken = (others.value ?? []).filter((one) => one !== sent.current);
  const id = fields.id.trim() === '' ? suggestId(baseUrl, taken, choice?.id) : fields.id.trim();
  // A report is shown as long as the form has what was tested.
  const subject = JSON.stringify([baseUrl, api, apiKey]);
  const report = tested?.of === subject ? tested.report : undefined;
  const isReady = URL.canParse(baseUrl) && id !== '';
  const test = async (signal?: AbortSignal): Promise<void> => {
    const stored = provider === undefined ? {} : { id: provider.id };
    const result = await testProvider({ baseUrl, api, ...stored, ...(apiKey === '' ? {} : { apiKey }) }, signal);
    setTested({ of: subject, report: result });
  };
  // Copy mode waits for an action of the user.
  const isComplete = provider === undefined && isReady && (apiKey !== '' || choice?.keyVariable === undefined) && !isCopyMode.value;
  const testByItself = async (signal: AbortSignal): Promise<void> => {
    setTesting(true);
    // A failure of the request itself is shown when the button is pressed.
    await test(signal).catch(() => undefined);
    setTesting(false);
  };
  useDelayed(TEST_AFTER_MS, isComplete ? (signal) => void testByItself(signal) : undefined, [baseUrl, api, apiKey]);
  const saving = () => saveCall({ ...fields, id }, provider === undefined ? undefined : start, entries);
  const save = async (): Promise<void> => {
    if (provider === undefined) {
      const now = await readProviderIds();
      others.set(now);
      if (now.includes(id) && sent.current !== id) throw new Error(t('isTaken'));
      sent.current = id;
    }
    await make(saving());
    onSaved(id);
  };
  return { form: { fields, set }, id, isTaken: taken.includes(id), isReady, isTesting, report, test, saving, save };
}

type Form = ReturnType<typeof useProviderForm>;

function AddressField({ form, choice }: { form: Form['form']; choice: Choice | undefined }) {
  return (
    <TextField
      label={t('baseUrl')}
      {...bind(form, 'baseUrl')}
      placeholder="https://…/v1"
      hint={choice?.id === '' ? t('baseUrlHint') : undefined}
      isCode
      autoFocus={choice?.baseUrl === ''}
      required
    />
  );
}

interface MoreProps extends Pick<Form, 'form' | 'id' | 'isTaken'> {
  readonly isNew: boolean;
  readonly choice: Choice | undefined;
}

/** A vendor's address rarely differs. */
const isVendor = (choice: Choice | undefined): boolean => choice?.keyVariable !== undefined;

function MoreFields({ form, id, isTaken, isNew, choice }: MoreProps) {
  const { api, models } = form.fields;
  return (
    <details open={!isNew && (api !== 'openai-completions' || models !== '')}>
      <summary>{t('moreFields')}</summary>
      <div class="more-fields">
        {isVendor(choice) && <AddressField {...{ form, choice }} />}
        {isNew && (
          <TextField
            label={t('id')}
            {...bind(form, 'id')}
            placeholder={id}
            hint={t('idHint', { id: id === '' ? '…' : id })}
            error={isTaken ? t('isTaken') : undefined}
          />
        )}
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

function KeyField({ form, isNew, choice }: { form: Form['form']; isNew: boolean; choice: Choice | undefined }) {
  const variable = choice?.keyVariable;
  const free = isNew ? t('apiKeyNone') : t('apiKeyKept');
  return (
    <TextField
      label={t('apiKey')}
      type="password"
      {...bind(form, 'apiKey')}
      placeholder={variable === undefined ? free : t('apiKeyPaste')}
      hint={variable === undefined ? t('apiKeyHint', { reference: '${VARIABLE}' }) : t('apiKeyOr', { variable })}
      autoFocus={choice !== undefined && choice.baseUrl !== ''}
    />
  );
}

export function ProviderForm(props: FormProps) {
  const { provider, choice, onBack, onClose } = props;
  const work = useWork();
  const { form, id, isTaken, isReady, isTesting, report, test, saving, save } = useProviderForm(props);
  const isNew = provider === undefined;
  const isUsable = !isNew || report?.ok === true;
  const titleOfNew = choice === undefined || choice.id === '' ? t('add') : t('addNamed', { name: choice.name });
  const isBusy = isTesting || work.busy === 'test';
  const testButton = <Button isBusy={isBusy} disabled={!isReady} text={t('test')} onClick={() => void work.run('test', () => test())} />;
  const anyway = report?.ok === false && <Button text={t('saveAnyway')} disabled={isTaken} onClick={() => void work.run('save', save)} />;
  return (
    <FormDialog
      title={isNew ? titleOfNew : t('change', { name: provider.name })}
      size="narrow"
      {...{ work, onClose }}
      isReady={isReady && !isTaken}
      call={saving}
      actions={isNew ? anyway : testButton}
      {...(isNew ? { submitText: isUsable ? t('useIt') : t('test') } : {})}
      onSubmit={isUsable ? save : () => test()}
    >
      {onBack !== undefined && isNew && (
        <p class="chosen">
          <Button kind="quiet" icon="left" text={t('allProviders')} onClick={onBack} />
        </p>
      )}
      {!isVendor(choice) && <AddressField {...{ form, choice }} />}
      <KeyField {...{ form, isNew, choice }} />
      {isBusy && report === undefined && (
        <div class="callout" role="status">
          <StatusDot tone="busy">{t('testing')}</StatusDot>
        </div>
      )}
      {report !== undefined && <Report report={report} onUseUrl={(baseUrl) => form.set({ baseUrl })} isLong />}
      <MoreFields {...{ form, id, isTaken, isNew, choice }} />
    </FormDialog>
  );
}
