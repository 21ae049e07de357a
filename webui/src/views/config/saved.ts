/** The notice after each change of the file, with undo. */
import { signal } from '@preact/signals';
import { reasonText, sentence } from '../../components/feedback/reason-text.js';
import { attempt, showToast, showUndo } from '../../components/toast/toast.js';
import { listVersions, restoreVersion } from './config-api.js';
import { t } from './text.js';

interface SavedChange {
  /** Revisions of the file. */
  readonly before: string;
  readonly after: string;
  readonly text: string;
  /** Reads again what is shown. */
  readonly reload: () => void;
}

/** Removes the notice of the last change: only the newest can be undone. */
const dismissLast = signal<() => void>(() => undefined);

async function goBack(id: string, after: string): Promise<void> {
  const { problems } = await restoreVersion(id, after);
  const [problem] = problems;
  showToast(problem === undefined ? { text: t('isRestored') } : { text: sentence(reasonText(problem)), kind: 'error' });
}

export async function showSaved({ before, after, text, reload }: SavedChange): Promise<void> {
  dismissLast.peek()();
  const versions = await listVersions().catch(() => []);
  const version = versions.find(({ id }) => before.startsWith(id.split('-')[1] ?? '-'));
  if (version === undefined) {
    showToast({ text });
    return;
  }
  const undo = async (): Promise<void> => {
    if (await attempt(() => goBack(version.id, after))) reload();
  };
  dismissLast.value = showUndo(text, () => void undo());
}
