/** A session's new title. */
import { useState } from 'preact/hooks';
import { Button } from '../../components/button.js';
import { Dialog, DialogActions } from '../../components/dialog.js';
import { errorText } from '../../components/feedback.js';
import { TextField } from '../../components/field.js';
import { t as shell } from '../../shell/text.js';
import { rename, type SessionFacts } from './session-actions.js';
import { t } from './text.js';

export function RenameDialog({ session, onClose, onDone }: { session: SessionFacts; onClose: () => void; onDone: () => void }) {
  const [title, setTitle] = useState(session.title);
  const [fault, setFault] = useState<string | undefined>(undefined);
  const save = async (): Promise<void> => {
    try {
      await rename(session.key, title.trim());
      onDone();
      onClose();
    } catch (error) {
      setFault(errorText(error));
    }
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    if (title.trim() !== '') void save();
  };
  return (
    <Dialog title={t('renameTitle')} onClose={onClose}>
      <form onSubmit={submit}>
        <TextField label={t('name')} value={title} onInput={setTitle} error={fault} autoFocus required />
        <DialogActions>
          <Button onClick={onClose}>{shell('cancel')}</Button>
          <Button kind="primary" type="submit">
            {shell('save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
