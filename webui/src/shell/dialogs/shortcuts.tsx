/** The list of shortcuts, where they can be changed and switched off (WCAG 2.1.4). */
import { useLayoutEffect, useState } from 'preact/hooks';
import { Button } from '../../components/button/button.js';
import { Dialog, DialogActions } from '../../components/dialog/dialog.js';
import { CheckField } from '../../components/field/field.js';
import { CHAT_KEYS, areShortcutsOn, chordOf, type Command, commands, isModifier, keysText, ownKeys } from '../commands.js';
import { closeDialog } from '../open-dialog.js';
import { t as shell } from '../text.js';
import { bindKeys, resetKeys, switchShortcuts } from './own-keys.js';
import { t } from './text.js';

/** Keys that move in the dialog or that every page needs. */
const RESERVED = new Set(['tab', 'shift+tab', 'enter', ' ']);

/** Captures the next keys. Escape cancels, Backspace removes the shortcut. */
function useCapture(isOn: boolean, onDone: (keys: string | undefined) => void): void {
  // Before the paint, so that no quick key is lost.
  useLayoutEffect(() => {
    if (!isOn) return undefined;
    let first = '';
    const onKeyDown = (event: KeyboardEvent): void => {
      if (isModifier(event)) return;
      const chord = chordOf(event);
      if (RESERVED.has(chord)) return onDone(undefined);
      event.preventDefault();
      event.stopPropagation();
      if (chord === 'escape') onDone(undefined);
      else if (chord === 'backspace') onDone('');
      else if (first === '' && chord === 'g') first = chord;
      else onDone(first === '' ? chord : `${first} ${chord}`);
    };
    document.addEventListener('keydown', onKeyDown, true);
    return () => document.removeEventListener('keydown', onKeyDown, true);
  }, [isOn]);
}

/** Commands of chats, which are not always registered. */
const elsewhere = (): Command[] => {
  const run = (): void => undefined;
  return [
    { id: 'approve', label: t('keysApprove'), keys: CHAT_KEYS.approve, run },
    { id: 'deny', label: t('keysDeny'), keys: CHAT_KEYS.deny, run },
    { id: 'stop', label: t('keysStop'), keys: CHAT_KEYS.stop, run },
  ];
};

function Keys({ command, isChanged }: { command: Command; isChanged: boolean }) {
  const [isCapturing, setCapturing] = useState(false);
  useCapture(isCapturing, (keys) => {
    setCapturing(false);
    if (keys !== undefined) bindKeys(command.id, keys);
  });
  const keys = command.keys === undefined ? t('noKeys') : keysText(command.keys);
  return (
    <dd>
      {isChanged && <span class="muted">{t('keysChanged')} </span>}
      <Button kind="quiet" label={t('changeKeys', { label: command.label, keys })} onClick={() => setCapturing(true)}>
        {isCapturing ? <span role="status">{t('pressKeys')}</span> : command.keys === undefined ? <span>—</span> : <kbd>{keys}</kbd>}
      </Button>
    </dd>
  );
}

export function Shortcuts() {
  const own = ownKeys.value;
  const registered = commands.value.filter(({ id, keys }) => keys !== undefined || own[id] !== undefined);
  const others = elsewhere().filter(({ id }) => !registered.some((command) => command.id === id));
  const listed = [...registered, ...others.map((command) => ({ ...command, keys: (own[command.id] ?? command.keys) || undefined }))];
  // A command with two shortcuts is one row.
  const labels = [...new Set(listed.map(({ label }) => label))];
  return (
    <Dialog title={shell('shortcuts')} onClose={closeDialog}>
      <CheckField label={t('shortcutsOn')} hint={t('shortcutsHint')} isChecked={areShortcutsOn.value} onChange={switchShortcuts} />
      <dl class="shortcut-list">
        {labels.map((label) => (
          <div key={label}>
            <dt>{label}</dt>
            {listed
              .filter((command) => command.label === label)
              .map((command) => (
                <Keys key={command.id} command={command} isChanged={own[command.id] !== undefined} />
              ))}
          </div>
        ))}
      </dl>
      <p class="hint">{t('keysHint')}</p>
      {Object.keys(own).length > 0 && (
        <DialogActions>
          <Button text={t('resetKeys')} onClick={resetKeys} />
        </DialogActions>
      )}
    </Dialog>
  );
}
