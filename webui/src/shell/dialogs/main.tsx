/** Shows the dialogs that are open. */
import { keptCalls } from '../../api/copy-mode.js';
import { signInReason } from '../../api/session.js';
import { openedDialog } from '../open-dialog.js';
import { KeptCalls } from './kept-calls.js';
import { Palette } from './palette.js';
import { Settings } from './settings.js';
import { Shortcuts } from './shortcuts.js';
import { SignIn } from './sign-in.js';
import './dialogs.css';

const DIALOGS = { palette: Palette, shortcuts: Shortcuts, settings: Settings };

export default function OpenDialogs() {
  const Opened = openedDialog.value === undefined ? undefined : DIALOGS[openedDialog.value];
  return (
    <>
      {Opened !== undefined && <Opened />}
      {keptCalls.value.length > 0 && <KeptCalls />}
      {signInReason.value !== undefined && <SignIn reason={signInReason.value} />}
    </>
  );
}
