/** The dialogs of the shell. They are loaded together, when the first one is opened or while the page is idle. */
import { useEffect } from 'preact/hooks';
import { keptCall } from '../api/copy-mode.js';
import { signInReason } from '../api/session.js';
import { connection } from '../api/socket.js';
import { late } from '../browser/late.js';
import { openedDialog } from './open-dialog.js';

const dialogs = late(async () => (await import('./dialogs/main.js')).default);

export const loadDialogs = dialogs.load;

export function Dialogs() {
  const isWanted = openedDialog.value !== undefined || keptCall.value !== undefined || signInReason.value !== undefined;
  const { kind } = connection.value;
  // Tried again when the connection changes.
  useEffect(() => {
    if (isWanted) void loadDialogs();
  }, [isWanted, kind]);
  const Shown = dialogs.component.value;
  return Shown === undefined ? null : <Shown />;
}
