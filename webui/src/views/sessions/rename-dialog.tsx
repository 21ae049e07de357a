/** Asks for a session's new title. */
import { useState } from 'preact/hooks';
import { FormDialog } from '../../components/form/form.js';
import { TextField } from '../../components/field/field.js';
import { rename, type SessionFacts } from './session-actions.js';
import { t } from './text.js';

export function RenameDialog({ session, onClose, onDone }: { session: SessionFacts; onClose: () => void; onDone: () => void }) {
  const [title, setTitle] = useState(session.title);
  const save = async (): Promise<void> => {
    await rename(session.key, title.trim());
    onDone();
    onClose();
  };
  return (
    <FormDialog title={t('renameTitle')} onClose={onClose} isReady={title.trim() !== ''} onSubmit={save}>
      <TextField label={t('name')} value={title} onInput={setTitle} autoFocus required />
    </FormDialog>
  );
}
