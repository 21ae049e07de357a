/** The settings of this browser: theme, language, and the stored token. */
import { signal } from '@preact/signals';
import { forgetToken, token } from '../api/token.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { SelectField } from '../components/field.js';
import { chooseLanguage, language, LANGUAGES } from '../i18n/language.js';
import { t } from './text.js';
import { chooseTheme, theme, THEMES } from './theme.js';

const isOpen = signal(false);

export function openSettings(): void {
  isOpen.value = true;
}

const NAMES = { system: 'themeSystem', light: 'themeLight', dark: 'themeDark' } as const;

export function Settings() {
  if (!isOpen.value) return null;
  const close = (): void => {
    isOpen.value = false;
  };
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
      {token.value !== undefined && <Button text={t('forgetToken')} onClick={forgetToken} />}
    </Dialog>
  );
}
