/** Adds the first provider without leaving the chat, and tests it. */
import { IN_FORCE_MS } from '../../api/in-force.js';
import { attempt, showToast } from '../../components/toast/toast.js';
import { testProvider } from './models-api.js';
import { ProviderDialog } from './provider-dialog.js';
import { t } from './text.js';

export function FirstModel({ onClose }: { onClose: () => void }) {
  const saved = (id: string): void => {
    onClose();
    void attempt(async () => {
      await new Promise((resolve) => setTimeout(resolve, IN_FORCE_MS));
      const { ok, message, models } = await testProvider({ id });
      if (ok) showToast({ text: t('firstModelWorks', { name: id, count: models.length }) });
      else showToast({ text: message, kind: 'error' });
    });
  };
  return <ProviderDialog provider={undefined} entries={[]} onClose={onClose} onSaved={saved} />;
}
