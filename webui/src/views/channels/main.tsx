/** The channels view: how each account is, who asks to write to it, and what became of messages to chats. */
import { useState } from 'preact/hooks';
import { useLiveReload } from '../../api/live-reload.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button.js';
import { ErrorBox, errorText, Spinner } from '../../components/feedback.js';
import { fullTime, relativeTime } from '../../components/time-text.js';
import { showToast } from '../../components/toast.js';
import { useCommands } from '../../shell/commands.js';
import { changeQuery, hashOf, navigate } from '../../shell/router.js';
import { AccountDialog } from './account-dialog.js';
import { approve, type Channel, type ChannelState, type Pairing, readChannels, revoke } from './channels-api.js';
import { Messages } from './messages.js';
import { TestDialog } from './test-dialog.js';
import { t } from './text.js';
import './channels.css';

/** The gateway watches its file. */
const IN_FORCE_MS = 1_500;

const CHIPS: Readonly<Record<Channel['state'], string>> = {
  off: 'chip',
  starting: 'chip',
  running: 'chip good',
  backoff: 'chip warn',
  failed: 'chip bad',
};

/** A chat of the page is no place that a message could be sent to. */
const canBeTested = ({ channel, state }: Channel): boolean => channel !== 'webchat' && state !== 'off';

function ChannelCard({ channel: account, onTest }: { channel: Channel; onTest: () => void }) {
  const { channel, accountId, state, message, since, lastError } = account;
  const isWrong = state === 'failed' || state === 'backoff';
  return (
    <li class="card channel">
      <p class="row">
        <strong>{channel}</strong>
        <span class="muted">{accountId}</span>
        <span class={`${CHIPS[state]} spread`}>{t(`state_${state}`)}</span>
      </p>
      {message !== null && <p class={isWrong ? 'message-error' : 'hint'}>{message}</p>}
      {since !== null && (
        <p class="hint" title={fullTime(Date.parse(since))}>
          {t('since', { time: relativeTime(Date.parse(since)) })}
        </p>
      )}
      {lastError !== null && lastError.message !== message && (
        <p class="hint" title={fullTime(Date.parse(lastError.at))}>
          {t('lastError', { time: relativeTime(Date.parse(lastError.at)), message: lastError.message })}
        </p>
      )}
      <p class="row">
        <a href={hashOf('logs', [], { q: channel })}>{t('logLines')}</a>
        <a href={hashOf('config', [], { q: `channels.${channel}.accounts.${accountId}` })}>{t('settingsOf')}</a>
        {canBeTested(account) && (
          <span class="channel-test">
            <Button kind="quiet" icon="send" onClick={onTest}>
              {t('test')}
              <span class="off-screen">
                {channel}/{accountId}
              </span>
            </Button>
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
  const act = (work: Promise<void>): void => {
    work.then(reload, (error: unknown) => showToast({ text: errorText(error), kind: 'error' }));
  };
  if (pairings.length === 0) return null;
  return (
    <section class="card">
      <h2>{t('pairings')}</h2>
      <ul class="rows" aria-label={t('pairings')}>
        {pairings.map((pairing) => (
          <li key={`${pairing.channel}/${pairing.accountId}/${pairing.senderId}`}>
            <span>
              {pairing.senderName}{' '}
              <span class="muted">
                {pairing.channel}/{pairing.accountId} · {pairing.senderId}
              </span>
            </span>
            {pairing.code !== null && <code>{pairing.code}</code>}
            {pairing.expiresAt !== null && <span class="muted">{t('until', { time: relativeTime(Date.parse(pairing.expiresAt)) })}</span>}
            <span class="spread">
              {pairing.code !== null && (
                <Button kind="primary" onClick={() => act(approve(pairing.channel, pairing.code ?? ''))}>
                  {t('approve')}
                  <span class="off-screen">{pairing.senderName}</span>
                </Button>
              )}
              {pairing.state === 'approved' && (
                <Button onClick={() => act(revoke(pairing))}>
                  {t('revoke')}
                  <span class="off-screen">{pairing.senderName}</span>
                </Button>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export default function ChannelsView() {
  const { value, error, reload } = useResource(readChannels, []);
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
      <header class="view-head">
        <h1>{t('title')}</h1>
        <a href={hashOf('config', [], { q: 'channels' })}>{t('configure')}</a>
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          {t('add')}
        </Button>
      </header>
      {error !== undefined && <ErrorBox error={error} retry={reload} isStale={value !== undefined} />}
      {value === undefined && error === undefined && <Spinner />}
      {value !== undefined && (
        <>
          <ul class="channels" aria-label={t('title')}>
            {value.list.channels.map((channel) => (
              <ChannelCard key={`${channel.channel}/${channel.accountId}`} channel={channel} onTest={() => setTested(channel)} />
            ))}
          </ul>
          <Pairings pairings={value.list.pairings} reload={reload} />
          <Outbox outbox={value.outbox} />
        </>
      )}
      <Messages onChange={reload} />
      {tested !== undefined && <TestDialog channel={tested} onClose={() => setTested(undefined)} />}
      {isAdding && (
        <AccountDialog
          taken={value?.list.channels.map(({ channel, accountId }) => `${channel}/${accountId}`) ?? []}
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
