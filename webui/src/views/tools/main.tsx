/** The tools view: the tools of agents, their sources, and what agents may do without asking. */
import { useState } from 'preact/hooks';
import { useLiveReload } from '../../api/live-reload.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { Empty, Loaded } from '../../components/feedback/feedback.js';
import { PageHeader } from '../../components/page-header/page-header.js';
import { showToast } from '../../components/toast/toast.js';
import { useCommands } from '../../shell/commands.js';
import { address, changeQuery } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { BuiltIn } from './built-in.js';
import { Grants } from './grants.js';
import { type Scope, ScopeSelect } from './permission.js';
import { RemoveDialog } from './server/remove-dialog.js';
import { ServerCard } from './server/server-card.js';
import { ServerDialog } from './server/server-dialog.js';
import { readSetup, type Setup, type Tool } from './tools-api.js';
import { t } from './text.js';
import { TryOutDialog } from './try-out/try-out-dialog.js';
import './tools.css';

interface ServersProps {
  readonly scope: Scope;
  readonly onAdd: () => void;
  readonly onEdit: (name: string) => void;
}

function Servers({ scope, onAdd, onEdit }: ServersProps) {
  const [tried, setTried] = useState<{ readonly server: string; readonly tool: Tool } | undefined>(undefined);
  const [removed, setRemoved] = useState<string | undefined>(undefined);
  const { servers } = scope.setup;
  if (servers.length === 0)
    return (
      <Empty icon="tools" title={t('none')} action={<Button kind="primary" icon="plus" text={t('add')} onClick={onAdd} />}>
        {t('noneText')}
      </Empty>
    );
  return (
    <>
      <ul class="tool-servers" aria-label={t('servers')}>
        {servers.map((server) => (
          <ServerCard
            key={server.name}
            {...{ server, scope }}
            onTry={(tool) => setTried({ server: server.name, tool })}
            onEdit={() => onEdit(server.name)}
            onRemove={() => setRemoved(server.name)}
          />
        ))}
      </ul>
      {tried !== undefined && <TryOutDialog {...tried} onClose={() => setTried(undefined)} />}
      {removed !== undefined && (
        <RemoveDialog
          name={removed}
          onClose={() => setRemoved(undefined)}
          onRemoved={() => {
            setRemoved(undefined);
            showToast({ text: t('removed', { name: removed }) });
            scope.reload();
          }}
        />
      )}
    </>
  );
}

/** Adds a server with `#/tools?add=1`, also from other views, or changes the named one. */
function Dialogs({ setup, edited, close, reload }: { setup: Setup; edited: string | undefined; close: () => void; reload: () => void }) {
  const { entries, revision } = setup;
  return (
    <ServerDialog
      key={edited}
      name={edited}
      entry={edited === undefined ? undefined : entries[edited]}
      revision={revision}
      taken={Object.keys(entries)}
      onClose={close}
      onSaved={(name) => {
        close();
        showToast({ text: t('saved', { name }) });
        reload();
      }}
    />
  );
}

export default function ToolsView() {
  const { value: setup, error, reload, refresh } = useResource(readSetup, []);
  useLiveReload(['mcp', 'config', 'approval'], refresh);
  const [agentId, setAgentId] = useState<string | undefined>(undefined);
  const [edited, setEdited] = useState<string | undefined>(undefined);
  const isAdding = address.value.query['add'] === '1';
  const add = (): void => changeQuery({ add: '1' });
  const close = (): void => {
    setEdited(undefined);
    changeQuery({ add: undefined });
  };
  useCommands([{ id: 'tools-add', label: t('add'), icon: 'plus', keys: 'n', run: add }]);
  const agent = setup?.agents.find(({ id }) => id === agentId);
  return (
    <section class="view">
      <PageHeader title={shell('tools')}>
        {(setup === undefined ? error === undefined : setup.servers.length > 0) && (
          <Button kind="primary" icon="plus" text={t('add')} onClick={add} />
        )}
      </PageHeader>
      <Loaded of={{ value: setup, error, reload }} lines={6} />
      {setup !== undefined && (
        <>
          <div class="tool-scope">
            <ScopeSelect {...{ setup, agent }} onChange={setAgentId} />
          </div>
          <BuiltIn scope={{ setup, agent, reload }} />
          <Grants grants={setup.grants} reload={reload} />
          <section class="section">
            <h2>{t('servers')}</h2>
            <Servers scope={{ setup, agent, reload }} onAdd={add} onEdit={setEdited} />
          </section>
          {(isAdding || edited !== undefined) && <Dialogs {...{ setup, edited, close, reload }} />}
        </>
      )}
    </section>
  );
}
