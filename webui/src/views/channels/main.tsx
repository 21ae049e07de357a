/** The channels view: the state of each account, pairing requests, and messages to chats. */
import { useState } from 'preact/hooks';
import type { ChannelDocument as Channel, PairingDocument as Pairing } from '../../../../shared/api/channels.js';
import { apiPath, call } from '../../api/client.js';
import { useLiveReload } from '../../api/live-reload.js';
import { useResource } from '../../api/use-resource.js';
import { PageHeader } from '../../components/page-header/page-header.js';
import { Button } from '../../components/button/button.js';
import { channelChip, Loaded } from '../../components/feedback/feedback.js';
import { Ago, relativeTime } from '../../components/time-text/time-text.js';
import { attempt, showToast } from '../../components/toast/toast.js';
import { useCommands } from '../../shell/commands.js';
import { changeQuery, hashOf, navigate } from '../../shell/router.js';
import { AccountDialog } from './account-dialog.js';
import { type ChannelState, readChannels } from './channels-api.js';
import { Messages } from './messages.js';
import { TestDialog } from './test-dialog.js';
import { t } from './text.js';
import './channels.css';

/** The gateway watches its file: a change is in force within this time. */
const IN_FORCE_MS = 1_500;

/** No message can be sent to a chat of the page. */
const canBeTested = ({ channel, state }: Channel): boolean => channel !== 'webchat' && state !== 'off';

function ChannelCard({ channel: account, onTest }: { channel: Channel; onTest: () => void }) {
  const { channel, accountId, state, message, since, lastError, health } = account;
  const shown = health.reason ?? message;
  return (
    <li class="card channel">
      <p class="row">
        <strong>{channel}</strong>
        <span class="muted">{accountId}</span>
        <span class={`${channelChip(account)} spread`}>{t(`state_${state}`)}</span>
      </p>
      {shown !== null && <p class={health.state === 'ok' ? 'hint' : 'message-error'}>{shown}</p>}
      {since !== null && <Ago as="p" class="hint" at={since} text={(time) => t('since', { time })} />}
      {lastError !== null && shown?.includes(lastError.message) !== true && (
        <Ago as="p" class="hint" at={lastError.at} text={(time) => t('lastError', { time, message: lastError.message })} />
      )}
      <p class="row">
        <a href={hashOf('logs', [], { q: channel })}>{t('logLines')}</a>
        <a href={hashOf('config', [], { q: `channels.${channel}.accounts.${accountId}` })}>{t('settingsOf')}</a>
        {canBeTested(account) && (
          <span class="channel-test">
            <Button kind="quiet" icon="send" text={t('test')} about={`${channel}/${accountId}`} onClick={onTest} />
          </span>
        )}
      </p>
    </li>
  );
}

function Outbox({ outbox }: { outbox: ChannelState['outbox'] }) {
  const shown = (['queued', 'sending', 'retry_wait', 'unknown', 'dead'] as const).map((status) => ({ status, count: outbox[status] ?? 0 }));
  return (
    <ul class="outbox" aria-label={t('outbox')}>
      {shown.map(({ status, count }) => (
        <li key={status}>
          <button
            type="button"
            class={count > 0 && (status === 'dead' || status === 'unknown') ? 'card wrong' : 'card'}
            onClick={() => changeQuery({ status })}
          >
            <span class="outbox-count">{count.toLocaleString()}</span> <span>{t(`status_${status}`)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Pairings({ pairings, reload }: { pairings: readonly Pairing[]; reload: () => void }) {
  const act = async (
    path: '/api/channels/:channel/approve' | '/api/channels/:channel/revoke',
    channel: string,
    body: object,
  ): Promise<void> => {
    if (await attempt(() => call('POST', apiPath(path, { channel }), { body }))) reload();
  };
  if (pairings.length === 0) return null;
  return (
    <section class="card">
      <h2>{t('pairings')}</h2>
      <ul class="rows" aria-label={t('pairings')}>
        {pairings.map(({ channel, accountId, senderId, senderName, code, expiresAt, state }) => (
          <li key={`${channel}/${accountId}/${senderId}`}>
            <span>
              {senderName}{' '}
              <span class="muted">
                {channel}/{accountId} · {senderId}
              </span>
            </span>
            {code !== null && <code>{code}</code>}
            {expiresAt !== null && <span class="muted">{t('until', { time: relativeTime(Date.parse(expiresAt)) })}</span>}
            <span class="spread">
              {code !== null && (
                <Button
                  kind="primary"
                  text={t('approve')}
                  about={senderName}
                  onClick={() => void act('/api/channels/:channel/approve', channel, { code })}
                />
              )}
              {state === 'approved' && (
                <Button
                  text={t('revoke')}
                  about={senderName}
                  onClick={() => void act('/api/channels/:channel/revoke', channel, { senderId, accountId })}
                />
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export default function ChannelsView() {
  const resource = useResource(readChannels, []);
  const { value, reload } = resource;
  const [isAdding, setAdding] = useState(false);
  const [tested, setTested] = useState<Channel | undefined>(undefined);
  useLiveReload(['message', 'channel', 'config'], reload);
  useCommands([
    { id: 'channels-add', label: t('add'), icon: 'plus', keys: 'n', run: () => setAdding(true) },
    { id: 'channels-dead', label: t('showDead'), icon: 'warning', run: () => changeQuery({ status: 'dead' }) },
    { id: 'channels-all', label: t('showAll'), icon: 'channels', run: () => changeQuery({ status: undefined, channel: undefined }) },
    { id: 'channels-configure', label: t('configure'), icon: 'config', run: () => navigate(hashOf('config', [], { q: 'channels' })) },
  ]);
  return (
    <section class="view">
      <PageHeader title={t('title')}>
        <a href={hashOf('config', [], { q: 'channels' })}>{t('configure')}</a>
        <Button kind="primary" icon="plus" text={t('add')} onClick={() => setAdding(true)} />
      </PageHeader>
      <Loaded of={resource}>
        {({ channels, pairings, outbox }) => (
          <>
            <ul class="channels" aria-label={t('title')}>
              {channels.map((channel) => (
                <ChannelCard key={`${channel.channel}/${channel.accountId}`} channel={channel} onTest={() => setTested(channel)} />
              ))}
            </ul>
            <Pairings pairings={pairings} reload={reload} />
            <Outbox outbox={outbox} />
          </>
        )}
      </Loaded>
      <Messages onChange={reload} />
      {tested !== undefined && <TestDialog channel={tested} onClose={() => setTested(undefined)} />}
      {isAdding && (
        <AccountDialog
          taken={value?.channels.map(({ channel, accountId }) => `${channel}/${accountId}`) ?? []}
          onClose={() => setAdding(false)}
          onSaved={(name) => {
            setAdding(false);
            showToast({ text: t('accountSaved', { name }) });
            setTimeout(reload, IN_FORCE_MS);
          }}
        />
      )}
    </section>
  );
}
