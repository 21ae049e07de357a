/** The clipboard. Over plain HTTP browsers have no clipboard API; then the text is copied through a selection. */
import { t } from '../shell/text.js';
import { showToast } from '../components/toast/toast.js';

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'off-screen';
  // Inside the open dialog, because the focus cannot leave it.
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  try {
    return document.execCommand('copy');
  } finally {
    area.remove();
  }
}

/** Copies a text and shows a notice. */
export async function copyText(text: string): Promise<void> {
  const isCopied = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  );
  const isDone = isCopied === true || copyBySelection(text);
  showToast(isDone ? { text: t('copied') } : { text: t('copyFailed'), kind: 'error' });
}
