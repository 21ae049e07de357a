/** The clipboard. On plain HTTP in a LAN browsers have no clipboard API: there the old way is used. */
import { t } from '../shell/text.js';
import { showToast } from './toast.js';

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'off-screen';
  // Inside the open dialog, or the focus cannot go there.
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  try {
    return document.execCommand('copy');
  } finally {
    area.remove();
  }
}

/** Copies, and says so. */
export async function copyText(text: string): Promise<void> {
  const isCopied = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  );
  const isDone = isCopied === true || copyBySelection(text);
  showToast(isDone ? { text: t('copied') } : { text: t('copyFailed'), kind: 'error' });
}
