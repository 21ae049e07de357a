/** Adds an MCP server, or changes one. Someone else's change to the same server is not overwritten without asking. */
import { useState } from 'preact/hooks';
import { match } from '../../../api/call.js';
import { ApiError, type Call, make } from '../../../api/client.js';
import { Button } from '../../../components/button/button.js';
import { TextArea, TextField } from '../../../components/field/field.js';
import { bind, FormDialog, useFields } from '../../../components/form/form.js';
import { Segmented } from '../../../components/segmented/segmented.js';
import { entriesOf, readConfig } from '../tools-api.js';
import { t } from '../text.js';
import { fieldsOf, findFaults, isComplete, saveCall, type ServerEntry, type ServerFaults, type ServerFields } from './server-fields.js';

const ARGUMENT_FAULTS = { isMoved: 'hiddenArgument', looksAlike: 'hiddenAlike', notLines: 'notLines' } as const;

type Form = ReturnType<typeof useFields<ServerFields>>;

interface PartProps {
  readonly form: Form;
  readonly faults: ServerFaults;
}

const EXAMPLE = 'npx';
const SECRET_HINT = { reference: '${VARIABLE}' };

function Program({ form, faults }: PartProps) {
  return (
    <>
      <TextField label={t('command')} {...bind(form, 'command')} placeholder={EXAMPLE} hint={t('commandText')} isCode required />
      <TextArea
        label={t('args')}
        {...bind(form, 'args')}
        rows={3}
        error={faults.args === undefined ? undefined : t(ARGUMENT_FAULTS[faults.args])}
        isCode
      />
      <TextArea
        label={t('env')}
        {...bind(form, 'env')}
        rows={2}
        hint={t('envText', SECRET_HINT)}
        error={faults.env === undefined ? undefined : t('badVariable')}
        isCode
      />
      <TextField label={t('cwd')} {...bind(form, 'cwd')} placeholder={t('cwdText')} isCode />
    </>
  );
}

function Address({ form, faults, stored }: PartProps & { stored: ServerEntry | undefined }) {
  const isStored = (name: string): boolean => typeof stored?.[name] === 'object';
  const keeps = (name: string): string | undefined => (isStored(name) ? t('keepsStored') : undefined);
  return (
    <>
      <TextField
        label={t('url')}
        {...bind(form, 'url')}
        placeholder={isStored('url') ? '••••' : 'https://…/mcp'}
        hint={keeps('url')}
        isCode
        required={!isStored('url')}
      />
      <TextField
        label={t('token')}
        {...bind(form, 'token')}
        type="password"
        placeholder={isStored('token') ? '••••' : ''}
        hint={keeps('token') ?? t('tokenText', SECRET_HINT)}
      />
      <TextArea
        label={t('headers')}
        {...bind(form, 'headers')}
        rows={2}
        error={faults.headers === undefined ? undefined : t('badHeader')}
        isCode
      />
    </>
  );
}

/** How often a change is retried while other parts of the file change. */
const MAX_TRIES = 3;

interface Base {
  readonly revision: string;
  readonly entry: ServerEntry | undefined;
}

/** Saves a change of one server. @returns the current entry in the file, if someone else has changed the same server */
async function saveEntry(change: Call, { name, base }: { name: string; base: Base }, triesLeft = MAX_TRIES): Promise<Base | undefined> {
  try {
    await make({ ...change, headers: match(base.revision) });
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 412)) throw error;
    const file = await readConfig();
    const now = { revision: file.revision, entry: entriesOf(file)[name] };
    const isTouched = JSON.stringify(now.entry) !== JSON.stringify(base.entry);
    if (isTouched) return now;
    if (triesLeft <= 1) throw error;
    return saveEntry(change, { name, base: now }, triesLeft - 1);
  }
}

interface ServerDialogProps {
  /** The name of the server to change; undefined adds one. */
  readonly name: string | undefined;
  readonly entry: ServerEntry | undefined;
  readonly revision: string;
  /** The names of the other servers. */
  readonly taken: readonly string[];
  readonly onClose: () => void;
  readonly onSaved: (name: string) => void;
}

export function ServerDialog({ name, entry, revision, taken, onClose, onSaved }: ServerDialogProps) {
  const form = useFields(() => fieldsOf(name ?? '', entry));
  const { fields, set } = form;
  const [base, setBase] = useState<Base>({ revision, entry });
  const [theirs, setTheirs] = useState<Base | undefined>(undefined);
  const [areFaultsShown, setFaultsShown] = useState(false);
  const { entry: written } = theirs ?? base;
  const found = findFaults(fields, name === undefined ? taken : [], written);
  const faults = areFaultsShown ? found : {};
  const saveOver = async (from: Base): Promise<void> => {
    if (Object.keys(found).length > 0) return setFaultsShown(true);
    const changed = await saveEntry(saveCall(fields, from.entry), { name: fields.name, base: from });
    if (changed === undefined) onSaved(fields.name);
    else setTheirs(changed);
  };
  const takeTheirs = (): void => {
    if (theirs === undefined) return;
    setBase(theirs);
    set(fieldsOf(fields.name, theirs.entry));
    setTheirs(undefined);
  };
  return (
    <FormDialog
      title={name === undefined ? t('add') : t('editTitle', { name })}
      size="wide"
      {...(found.args === undefined ? { call: () => saveCall(fields, base.entry) } : {})}
      {...(theirs === undefined ? {} : { submitText: t('saveMine') })}
      isReady={isComplete(fields, base.entry)}
      onClose={onClose}
      onSubmit={() => saveOver(theirs ?? base)}
      actions={theirs === undefined ? undefined : <Button text={t('takeTheirs')} onClick={takeTheirs} />}
    >
      {theirs !== undefined && (
        <p class="callout warning" role="alert">
          {t('conflict')}
        </p>
      )}
      {name === undefined && (
        <TextField
          label={t('name')}
          {...bind(form, 'name')}
          hint={t('nameText', { name: fields.name || 'files' })}
          error={faults.name === undefined ? undefined : t(faults.name === 'isTaken' ? 'isTaken' : 'badName')}
          autoFocus
          isCode
          required
        />
      )}
      <Segmented
        label={t('kind')}
        value={fields.kind}
        choices={(['command', 'url'] as const).map((value) => ({ value, label: t(`kind_${value}`) }))}
        onChange={(kind) => set({ kind })}
      />
      {fields.kind === 'command' ? <Program {...{ form, faults }} /> : <Address {...{ form, faults }} stored={base.entry} />}
      <p class="hint">{t(fields.kind === 'command' ? 'programText' : 'addressText')}</p>
    </FormDialog>
  );
}
