/** Adds a channel account in a few fields. The others have defaults and are changed in the configuration. */
import { type Call, make } from '../../api/client.js';
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
  const save = async (): Promise<void> => {
    await make(saveCall(fields));
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
