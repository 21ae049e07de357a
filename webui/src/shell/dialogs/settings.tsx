/** The preferences of this browser: theme, language, and its session. */
import type { ComponentChildren } from 'preact';
import { session } from '../../api/session.js';
import { Button } from '../../components/button/button.js';
import { Dialog } from '../../components/dialog/dialog.js';
import { ErrorBox } from '../../components/feedback/feedback.js';
import { useWork } from '../../components/form/form.js';
import { Segmented } from '../../components/segmented/segmented.js';
import { chooseLanguage, language, LANGUAGES } from '../../i18n/language.js';
import { closeDialog } from '../open-dialog.js';
import { t as shell } from '../text.js';
import { leave } from './leave.js';
import { t } from './text.js';
import { chooseTheme, theme, THEMES } from '../theme.js';

const NAMES = { system: 'themeSystem', light: 'themeLight', dark: 'themeDark' } as const;

function Setting({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="setting">
      <span>{name}</span>
      {children}
    </div>
  );
}

export function Settings() {
  const { busy, error, run } = useWork();
  return (
    <Dialog title={shell('settings')} onClose={closeDialog}>
      <Setting name={shell('theme')}>
        <Segmented
          label={shell('theme')}
          value={theme.value}
          choices={THEMES.map((value) => ({ value, label: t(NAMES[value]) }))}
          onChange={chooseTheme}
        />
      </Setting>
      <Setting name={shell('language')}>
        <Segmented
          label={shell('language')}
          value={language.value}
          choices={LANGUAGES.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={chooseLanguage}
        />
      </Setting>
      {session.value.signedIn && session.value.owner && <p class="hint">{t('signedInOwner')}</p>}
      {session.value.signedIn && !session.value.owner && (
        <Setting name={t('signedIn')}>
          <Button icon="signOut" text={t('signOut')} isBusy={busy !== undefined} onClick={() => void run('signOut', leave)} />
        </Setting>
      )}
      {error !== undefined && <ErrorBox error={error} />}
    </Dialog>
  );
}
