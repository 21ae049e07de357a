/** Adds an account of a channel in a few fields; the rest has defaults, and is changed in the configuration. */
import { useState } from 'preact/hooks';
import type { Call } from '../../api/client.js';
import { call } from '../../api/client.js';
import { Button } from '../../components/button.js';
import { CopyAs } from '../../components/copy-as.js';
import { Dialog, DialogActions } from '../../components/dialog.js';
import { ErrorBox } from '../../components/feedback.js';
import { SelectField, TextField } from '../../components/field.js';
import { t as shell } from '../../shell/text.js';
import { t } from './text.js';

type Kind = 'telegram' | 'webhook';

interface Fields {
  readonly kind: Kind;
  readonly name: string;
  readonly botToken: string;
  readonly dmPolicy: 'pairing' | 'open' | 'disabled';
  readonly url: string;
  readonly secret: string;
}

const EMPTY: Fields = { kind: 'telegram', name: 'default', botToken: '', dmPolicy: 'pairing', url: '', secret: '' };

function saveCall({ kind, name, botToken, dmPolicy, url, secret }: Fields): Call {
  const account = kind === 'telegram' ? { botToken, dmPolicy } : { url, ...(secret === '' ? {} : { secret }) };
  return { method: 'PATCH', path: '/api/config', body: { channels: { [kind]: { enabled: true, accounts: { [name]: account } } } } };
}

interface PartProps {
  readonly fields: Fields;
  readonly set: (change: Partial<Fields>) => void;
}

function Telegram({ fields, set }: PartProps) {
  return (
    <>
      <TextField
        label={t('botToken')}
        type="password"
        value={fields.botToken}
        onInput={(botToken) => set({ botToken })}
        autoFocus
        hint={t('botTokenHint', { reference: '${VARIABLE}' })}
        autocomplete="off"
        required
      />
      <SelectField
        label={t('dmPolicy')}
        value={fields.dmPolicy}
        onChange={(dmPolicy) => set({ dmPolicy: dmPolicy as Fields['dmPolicy'] })}
        choices={(['pairing', 'open', 'disabled'] as const).map((value) => ({ value, label: t(`dm_${value}`) }))}
      />
    </>
  );
}

function Webhook({ fields, set }: PartProps) {
  return (
    <>
      <TextField
        label={t('url')}
        value={fields.url}
        onInput={(url) => set({ url })}
        placeholder="https://…"
        hint={t('urlHint')}
        autocomplete="off"
        spellcheck={false}
        required
      />
      <TextField
        label={t('secret')}
        type="password"
        value={fields.secret}
        onInput={(secret) => set({ secret })}
        hint={t('secretHint')}
        autocomplete="off"
      />
    </>
  );
}

export interface AccountDialogProps {
  /** `channel/account` of those that are there. */
  readonly taken: readonly string[];
  readonly onClose: () => void;
  readonly onSaved: (name: string) => void;
}

export function AccountDialog({ taken, onClose, onSaved }: AccountDialogProps) {
  const [fields, setFields] = useState(EMPTY);
  const [error, setError] = useState<unknown>(undefined);
  const [isBusy, setBusy] = useState(false);
  const set = (change: Partial<Fields>): void => setFields((before) => ({ ...before, ...change }));
  const isTaken = taken.includes(`${fields.kind}/${fields.name}`);
  const isReady = !isTaken && fields.name !== '' && (fields.kind === 'telegram' ? fields.botToken : fields.url) !== '';
  const save = (): void => {
    const { method, path, body } = saveCall(fields);
    setBusy(true);
    setError(undefined);
    call(method, path, { body }).then(
      () => onSaved(`${fields.kind}/${fields.name}`),
      (failure: unknown) => {
        setError(failure);
        setBusy(false);
      },
    );
  };
  return (
    <Dialog title={t('add')} size="wide" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) save();
        }}
      >
        <SelectField
          label={t('kind')}
          value={fields.kind}
          onChange={(kind) => set({ kind: kind as Kind })}
          choices={(['telegram', 'webhook'] as const).map((value) => ({ value, label: t(`kind_${value}`) }))}
        />
        <TextField
          label={t('accountName')}
          value={fields.name}
          onInput={(name) => set({ name: name.trim() })}
          error={isTaken ? t('accountTaken') : undefined}
          autocomplete="off"
          required
        />
        {fields.kind === 'telegram' ? <Telegram {...{ fields, set }} /> : <Webhook {...{ fields, set }} />}
        <p class="hint">{t('addHint')}</p>
        {error !== undefined && <ErrorBox error={error} />}
        <DialogActions>
          <CopyAs call={() => saveCall(fields)} />
          <Button onClick={onClose}>{shell('cancel')}</Button>
          <Button kind="primary" type="submit" isBusy={isBusy} disabled={!isReady}>
            {shell('save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
