/** The configuration view: the settings as a form, the file's text, and its earlier versions. All change the same file. */
import { PageHeader } from '../../components/page-header/page-header.js';
import { Tabs } from '../../components/tabs/tabs.js';
import { useCommands } from '../../shell/commands.js';
import { address, hashOf, navigate } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { FileEditor } from './file/file-editor.js';
import { Filters, SettingsForm } from './form/settings-form.js';
import { t } from './text.js';
import { Versions } from './versions.js';
import './config.css';

const TABS = [
  [undefined, 'form'],
  ['text', 'text'],
  ['versions', 'versions'],
] as const;

export default function ConfigView() {
  const [part] = address.value.parts;
  useCommands(
    TABS.map(([to, name]) => ({
      id: `config-${name}`,
      label: t('openTab', { name: t(name) }),
      icon: 'config',
      run: () => navigate(hashOf('config', to === undefined ? [] : [to])),
    })),
  );
  return (
    <section class="view config-view">
      <PageHeader title={shell('config')} tabs={<Tabs label={t('ways')} view="config" tabs={TABS.map(([to, name]) => [to, t(name)])} />}>
        {part === undefined && <Filters />}
      </PageHeader>
      {part === 'text' ? <FileEditor /> : part === 'versions' ? <Versions /> : <SettingsForm />}
    </section>
  );
}
