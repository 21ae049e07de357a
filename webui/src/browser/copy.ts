/** The clipboard. Over plain HTTP browsers have no clipboard API; then the text is copied through a selection. */
import { t } from '../shell/text.js';
import { showToast } from '../components/toast/toast.js';

function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'off-screen';
  // Inside the topmost dialog, because the focus cannot leave it.
  ([...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body).append(area);
  area.select();
  try {
    return document.execCommand('copy');
  } finally {
    area.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
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
