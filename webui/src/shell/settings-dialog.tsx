/** The settings of this browser: theme, language, and its session. */
import { signal } from '@preact/signals';
import { session, signOut } from '../api/session.js';
import { pageSocket } from '../api/socket.js';
import { Button } from '../components/button/button.js';
import { Dialog } from '../components/dialog/dialog.js';
import { SelectField } from '../components/field/field.js';
import { useWork } from '../components/form/form.js';
import { chooseLanguage, language, LANGUAGES } from '../i18n/language.js';
import { t } from './text.js';
import { chooseTheme, theme, THEMES } from './theme.js';

const isOpen = signal(false);

export function openSettings(): void {
  isOpen.value = true;
}

const NAMES = { system: 'themeSystem', light: 'themeLight', dark: 'themeDark' } as const;

const close = (): void => {
  isOpen.value = false;
};

/** The socket of this tab was opened with the session. */
async function leave(): Promise<void> {
  await signOut();
  close();
  pageSocket.drop();
}

export function Settings() {
  const { busy, error, run } = useWork();
  if (!isOpen.value) return null;
  return (
    <Dialog title={t('settings')} onClose={close}>
      <SelectField
        label={t('theme')}
        value={theme.value}
        choices={THEMES.map((value) => ({ value, label: t(NAMES[value]) }))}
        onChange={chooseTheme}
      />
      <SelectField
        label={t('language')}
        value={language.value}
        choices={LANGUAGES.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={chooseLanguage}
      />
      {error !== undefined && <p role="alert">{t('unreachable')}</p>}
      {session.value.signedIn && <Button text={t('signOut')} isBusy={busy !== undefined} onClick={() => void run('signOut', leave)} />}
    </Dialog>
  );
}
