/** Adds a channel account in a few fields. The others have defaults and are changed in the configuration. */
import { useRef } from 'preact/hooks';
import type { ConfigView } from '../../../../shared/api/gateway/config.js';
import type { WrittenConfig } from '../../../../shared/config/schema.js';
import { match } from '../../api/call.js';
import { ApiError, type Call, call, make } from '../../api/client.js';
import { keepInstead } from '../../api/copy-mode.js';
import { accountName } from '../../components/channel-name/channel-name.js';
import { SelectField, TextField } from '../../components/field/field.js';
import { bind, FormDialog, useFields } from '../../components/form/form.js';
import { t } from './text.js';

/** Channels that are configured by hand. */
export const KINDS = ['telegram', 'webhook'] as const;
export type Kind = (typeof KINDS)[number];

const EMPTY = {
  kind: 'telegram' as Kind,
  name: 'default',
  botToken: '',
  dmPolicy: 'pairing' as 'pairing' | 'open' | 'disabled',
  url: '',
  secret: '',
};

function saveCall({ kind, name, botToken, dmPolicy, url, secret }: typeof EMPTY): Call {
  const account = kind === 'telegram' ? { botToken, dmPolicy } : { url, ...(secret === '' ? {} : { secret }) };
  return { method: 'PATCH', path: '/api/config', body: { channels: { [kind]: { enabled: true, accounts: { [name]: account } } } } };
}

/** How often it is tried while other parts of the file change. */
const MAX_TRIES = 3;

/**
 * Adds the account to the file. One of that name may be there and not in force: it is not replaced.
 * @param isLost  whether this was done before, and the answer was lost: then one of that name is this one
 */
async function addAccount(fields: typeof EMPTY, isLost: boolean, triesLeft = MAX_TRIES): Promise<void> {
  // Before it names the revision of this file, which the copied command line does not.
  keepInstead(saveCall(fields));
  const { config, revision } = await call<ConfigView>('GET', '/api/config');
  const accounts: object = (config as WrittenConfig).channels?.[fields.kind]?.accounts ?? {};
  if (Object.hasOwn(accounts, fields.name)) {
    if (isLost) return;
    throw new Error(t('accountTaken'));
  }
  try {
    await make({ ...saveCall(fields), headers: match(revision) });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 412) || triesLeft <= 1) throw error;
    await addAccount(fields, isLost, triesLeft - 1);
  }
}

type Form = ReturnType<typeof useFields<typeof EMPTY>>;

function Telegram({ form }: { form: Form }) {
  const hint = t('botTokenHint', { reference: '${VARIABLE}' });
  return (
    <>
      <TextField label={t('botToken')} type="password" {...bind(form, 'botToken')} hint={hint} autoFocus required />
      <SelectField
        label={t('dmPolicy')}
        value={form.fields.dmPolicy}
        onChange={(dmPolicy) => form.set({ dmPolicy })}
        choices={(['pairing', 'open', 'disabled'] as const).map((value) => ({ value, label: t(`dm_${value}`) }))}
      />
    </>
  );
}

function Webhook({ form }: { form: Form }) {
  return (
    <>
      <TextField label={t('url')} {...bind(form, 'url')} placeholder="https://…" hint={t('urlHint')} isCode required />
      <TextField label={t('secret')} type="password" {...bind(form, 'secret')} hint={t('secretHint')} />
    </>
  );
}

interface AccountDialogProps {
  /** The first choice. */
  readonly kind: Kind;
  /** `channel/account` of the existing accounts. */
  readonly taken: readonly string[];
  readonly onClose: () => void;
  readonly onSaved: (name: string) => void;
}

export function AccountDialog({ kind: firstKind, taken, onClose, onSaved }: AccountDialogProps) {
  const form = useFields({ ...EMPTY, kind: firstKind });
  const { fields, set } = form;
  const id = `${fields.kind}/${fields.name}`;
  const isTaken = taken.includes(id);
  const isReady = !isTaken && fields.name !== '' && (fields.kind === 'telegram' ? fields.botToken : fields.url) !== '';
  const lost = useRef('');
  const save = async (): Promise<void> => {
    await addAccount(fields, lost.current === id).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 0) lost.current = id;
      throw error;
    });
    onSaved(accountName(fields.kind, fields.name));
  };
  return (
    <FormDialog title={t('add')} size="wide" call={() => saveCall(fields)} isReady={isReady} onClose={onClose} onSubmit={save}>
      <SelectField
        label={t('kind')}
        value={fields.kind}
        onChange={(kind) => set({ kind })}
        choices={KINDS.map((value) => ({ value, label: t(`kind_${value}`) }))}
      />
      <TextField
        label={t('accountName')}
        value={fields.name}
        onInput={(name) => set({ name: name.trim() })}
        error={isTaken ? t('accountTaken') : undefined}
        required
      />
      {fields.kind === 'telegram' ? <Telegram form={form} /> : <Webhook form={form} />}
      <p class="hint">{t('addHint')}</p>
    </FormDialog>
  );
}
