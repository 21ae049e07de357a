/** The configuration view: the settings as a form, or the file's text. Both change the same file. */
import { address, hashOf } from '../../shell/router.js';
import { RawEditor } from './raw-editor.js';
import { SettingsForm } from './settings-form.js';
import { t } from './text.js';
import './config.css';

export default function ConfigView() {
  const isText = address.value.parts[0] === 'text';
  return (
    <section class="view">
      <header class="view-head">
        <h1>{t('title')}</h1>
        <nav class="tabs" aria-label={t('ways')}>
          <a href={hashOf('config')} aria-current={isText ? undefined : 'page'}>
            {t('form')}
          </a>
          <a href={hashOf('config', ['text'])} aria-current={isText ? 'page' : undefined}>
            {t('text')}
          </a>
        </nav>
      </header>
      {isText ? <RawEditor /> : <SettingsForm />}
    </section>
  );
}
