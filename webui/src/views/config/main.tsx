/** The configuration view: the settings as a form, the file's text, and what it was before. All change the same file. */
import { useCommands } from '../../shell/commands.js';
import { address, hashOf, navigate } from '../../shell/router.js';
import { RawEditor } from './raw-editor.js';
import { SettingsForm } from './settings-form.js';
import { t } from './text.js';
import { Versions } from './versions.js';
import './config.css';

const TABS = [
  { part: undefined, name: 'form' },
  { part: 'text', name: 'text' },
  { part: 'versions', name: 'versions' },
] as const;

export default function ConfigView() {
  const [part] = address.value.parts;
  useCommands(
    TABS.map(({ part: to, name }) => ({
      id: `config-${name}`,
      label: t('openTab', { name: t(name) }),
      icon: 'config',
      run: () => navigate(hashOf('config', to === undefined ? [] : [to])),
    })),
  );
  return (
    <section class="view">
      <header class="view-head">
        <h1>{t('title')}</h1>
        <nav class="tabs" aria-label={t('ways')}>
          {TABS.map(({ part: to, name }) => (
            <a key={name} href={hashOf('config', to === undefined ? [] : [to])} aria-current={part === to ? 'page' : undefined}>
              {t(name)}
            </a>
          ))}
        </nav>
      </header>
      {part === 'text' ? <RawEditor /> : part === 'versions' ? <Versions /> : <SettingsForm />}
    </section>
  );
}
