/** The channels view: the accounts and their health, who may write to them, and messages to chats. */
import { useState } from 'preact/hooks';
import type { ChannelDocument as Account } from '../../../../shared/api/channels.js';
import { useLiveReload } from '../../api/live-reload.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { Loaded } from '../../components/feedback/feedback.js';
import { PageHeader } from '../../components/page-header/page-header.js';
import { Tabs } from '../../components/tabs/tabs.js';
import { showToast } from '../../components/toast/toast.js';
import { useCommands } from '../../shell/commands.js';
import { address, hashOf, navigate } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { AccountDialog, type Kind } from './account-dialog.js';
import { Accounts } from './accounts.js';
import { readChannels } from './channels-api.js';
import { Messages } from './messages.js';
import { Pairings } from './pairings.js';
import { TestDialog } from './test-dialog.js';
import { t } from './text.js';
import './channels.css';

function AccountsTab({ onAdd, resource }: { onAdd: (kind: Kind) => void; resource: ReturnType<typeof useChannels> }) {
  const [tested, setTested] = useState<Account | undefined>(undefined);
  return (
    <>
      <Loaded of={resource} lines={6}>
        {({ channels, pairings }) => (
          <>
            <Accounts accounts={channels} onTest={setTested} onAdd={onAdd} />
            <Pairings pairings={pairings} reload={resource.reload} />
          </>
        )}
      </Loaded>
      {tested !== undefined && <TestDialog channel={tested} onClose={() => setTested(undefined)} />}
    </>
  );
}

function useChannels() {
  const resource = useResource(readChannels, []);
  useLiveReload(['message', 'channel', 'config'], resource.refresh);
  return resource;
}

export default function ChannelsView() {
  const resource = useChannels();
  const { value } = resource;
  const [adding, setAdding] = useState<Kind | undefined>(undefined);
  const openMessages = (status?: string): void => navigate(hashOf('channels', ['messages'], { status }));
  useCommands([
    { id: 'channels-add', label: t('add'), icon: 'plus', keys: 'n', run: () => setAdding('telegram') },
    { id: 'channels-dead', label: t('showDead'), icon: 'warning', run: () => openMessages('dead') },
    { id: 'channels-all', label: t('showAll'), icon: 'channels', run: () => openMessages() },
    { id: 'channels-configure', label: t('configure'), icon: 'config', run: () => navigate(hashOf('config', [], { q: 'channels' })) },
  ]);
  return (
    <section class="view">
      <PageHeader
        title={shell('channels')}
        tabs={
          <Tabs
            label={shell('channels')}
            view="channels"
            tabs={[
              [undefined, t('accounts')],
              ['messages', t('messages')],
            ]}
          />
        }
      >
        <Button kind="primary" icon="plus" text={t('add')} onClick={() => setAdding('telegram')} />
      </PageHeader>
      {address.value.parts[0] === 'messages' ? <Messages /> : <AccountsTab onAdd={setAdding} resource={resource} />}
      {adding !== undefined && (
        <AccountDialog
          kind={adding}
          taken={value?.channels.map(({ channel, accountId }) => `${channel}/${accountId}`) ?? []}
          onClose={() => setAdding(undefined)}
          onSaved={(name) => {
            setAdding(undefined);
            showToast({ text: t('accountSaved', { name }) });
          }}
        />
      )}
    </section>
  );
}
