/** The switch of copy mode. */
import { endCopyMode, isCopyMode } from '../api/copy-mode.js';
import { Button } from '../components/button/button.js';
import type { Command } from './commands.js';
import { t } from './text.js';

export function switchCopyMode(): void {
  if (isCopyMode.peek()) endCopyMode();
  else isCopyMode.value = true;
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
