/** The dialogs of the shell. They are loaded together, when the first one is opened or while the page is idle. */
import { useLayoutEffect, useState } from 'preact/hooks';
import { AGAIN_MS } from '../api/client.js';
import { keptCalls } from '../api/copy-mode.js';
import { signInReason } from '../api/session.js';
import { connection } from '../api/socket.js';
import { late, loadAsked } from '../browser/late.js';
import { closeDialog, openedDialog, typedAhead } from './open-dialog.js';

const dialogs = late(async () => (await import('./dialogs/main.js')).default);

export const loadDialogs = dialogs.load;

/** While a dialog is being loaded, typed keys are kept for it; nothing else gets them. */
function keepTyped(event: KeyboardEvent): void {
  if (openedDialog.peek() === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const { text, isEntered } = typedAhead.peek();
  if (event.key === 'Escape') closeDialog();
  else if (event.key === 'Enter') typedAhead.value = { text, isEntered: true };
  else if (event.key === 'Backspace') typedAhead.value = { text: text.slice(0, -1), isEntered };
  else if (event.key.length === 1) typedAhead.value = { text: text + event.key, isEntered };
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function Dialogs() {
  const isWanted = openedDialog.value !== undefined || keptCalls.value.length > 0 || signInReason.value !== undefined;
  const { kind } = connection.value;
  const Shown = dialogs.component.value;
  const [round, setRound] = useState(0);
  // The sign-in screen, which the page cannot do without, is tried until it is there.
  useLayoutEffect(() => {
    if (!isWanted || Shown !== undefined) return undefined;
    const stop = (): void => removeEventListener('keydown', keepTyped, true);
    addEventListener('keydown', keepTyped, true);
    void loadAsked(dialogs, round > 0).then((isLoaded) => {
      if (isLoaded) return;
      stop();
      closeDialog();
      keptCalls.value = [];
      if (signInReason.peek() !== undefined) setTimeout(() => setRound(round + 1), AGAIN_MS);
    });
    return stop;
  }, [isWanted, kind, round, Shown]);
  return Shown === undefined ? null : <Shown />;
}
