/** Asks before an MCP server is removed from the configuration. */
import { request } from '../../../api/client.js';
import { FormDialog } from '../../../components/form/form.js';
import { hashOf } from '../../../shell/router.js';
import { removeCall } from '../tools-api.js';
import { t } from '../text.js';

export function RemoveDialog({ name, onClose, onRemoved }: { name: string; onClose: () => void; onRemoved: () => void }) {
  const remove = async (): Promise<void> => {
    await request(removeCall(name));
    onRemoved();
  };
  return (
    <FormDialog
      title={t('removeTitle', { name })}
      call={() => removeCall(name)}
      submitText={t('remove')}
      submitKind="danger"
      onClose={onClose}
      onSubmit={remove}
    >
      <p>{t('removeText')}</p>
      <p>
        <a href={hashOf('config', ['versions'])}>{t('versions')}</a>
      </p>
    </FormDialog>
  );
}
