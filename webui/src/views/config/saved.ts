/** What every change of the file shows: done, and the way back to what was before. */
import { signal } from '@preact/signals';
import { errorText } from '../../components/feedback.js';
import { showToast, showUndo } from '../../components/toast.js';
import { restoreVersion, versionOf } from './config-api.js';
import { t } from './text.js';

export interface SavedChange {
  /** Revisions of the file. */
  readonly before: string;
  readonly after: string;
  readonly text: string;
  /** Reads again what is shown. */
  readonly reload: () => void;
}

/** Takes the notice of the last change away: going back is from the newest only. */
const dismissLast = signal<() => void>(() => undefined);

async function goBack(id: string, after: string): Promise<void> {
  const { problems } = await restoreVersion(id, after);
  showToast(problems.length === 0 ? { text: t('isRestored') } : { text: problems[0]?.message ?? '', kind: 'error' });
}

export async function showSaved({ before, after, text, reload }: SavedChange): Promise<void> {
  dismissLast.peek()();
  const version = await versionOf(before).catch(() => undefined);
  if (version === undefined) {
    showToast({ text });
    return;
  }
  const undo = (): void => {
    goBack(version.id, after).then(reload, (error: unknown) => showToast({ text: errorText(error), kind: 'error' }));
  };
  dismissLast.value = showUndo(text, undo);
}
