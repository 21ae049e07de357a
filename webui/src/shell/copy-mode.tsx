/** The switch of copy mode, and the dialog with the kept call as command lines. */
import { isCopyMode, keptCall } from '../api/copy-mode.js';
import { toCurl } from '../api/client.js';
import { cliLine } from '../api/command-line.js';
import { Button } from '../components/button/button.js';
import { copyText } from '../browser/copy.js';
import { Dialog } from '../components/dialog/dialog.js';
import type { Command } from './commands.js';
import { t } from './text.js';

export function switchCopyMode(): void {
  isCopyMode.value = !isCopyMode.peek();
}

export function copyModeCommands(): readonly Command[] {
  const end = {
    id: 'copy-mode-end',
    label: t('copyModeEnd'),
    keys: 'escape',
    whileTyping: true,
    icon: 'close' as const,
    run: switchCopyMode,
  };
  return [{ id: 'copy-mode', label: t('copyMode'), icon: 'terminal', keys: 'y', run: switchCopyMode }, ...(isCopyMode.value ? [end] : [])];
}
export function CopyModeLine() {
  if (!isCopyMode.value) return null;
  return (
    <div class="banner note">
      <span>{t('copyModeOn')}</span>
      <Button text={t('copyModeEnd')} onClick={switchCopyMode} />
    </div>
  );
}

function Line({ text, label }: { text: string; label: string }) {
  return (
    <div class="command-line">
      <pre tabIndex={0}>{text}</pre>
      <Button icon="copy" text={label} onClick={() => void copyText(text)} />
    </div>
  );
}

export function KeptCall() {
  const call = keptCall.value;
  if (call === undefined) return null;
  const curl = toCurl(call);
  const cli = cliLine(call);
  const close = (): void => {
    keptCall.value = undefined;
  };
  return (
    <Dialog title={t('keptTitle')} size="wide" onClose={close}>
      <p>{t('keptText')}</p>
      <Line text={curl} label={t('copyCurl')} />
      {cli !== undefined && (
        <>
          <p>{t('keptCli')}</p>
          <Line text={cli} label={t('copyCli')} />
        </>
      )}
      {/'"\$[A-Z]/.test(curl) && <p class="hint">{t('keptSecret')}</p>}
    </Dialog>
  );
}
