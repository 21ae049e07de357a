/** Messages to chats: what waits, what failed and why, and what can be done with it. */
import { useLiveReload } from '../../api/live-reload.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button.js';
import { Empty, ErrorBox, errorText, Spinner } from '../../components/feedback.js';
import { fullTime, relativeTime } from '../../components/time-text.js';
import { showToast, showUndo } from '../../components/toast.js';
import { address, changeQuery, hashOf } from '../../shell/router.js';
import { dropMessage, type Message, readMessages, retryMessage, sendMessage } from './channels-api.js';
import { t } from './text.js';

const STATUSES = ['queued', 'sending', 'retry_wait', 'unknown', 'dead', 'delivered'] as const;

export function chipOf(status: string): string {
  if (status === 'delivered') return 'chip good';
  return status === 'dead' ? 'chip bad' : status === 'unknown' || status === 'retry_wait' ? 'chip warn' : 'chip';
}

function MessageRow({ message, onRetry, onDrop }: { message: Message; onRetry: () => void; onDrop: () => void }) {
  const { id, status, channel, accountId, chat_id: chat, content, error, createdAt, attempts, nextAttemptAt } = message;
  const target = `${channel}/${accountId} → ${chat}`;
  return (
    <li class="message">
      <p class="row">
        <span class={chipOf(status)}>{t(`status_${status}`)}</span>
        <span>{target}</span>
        <span class="muted" title={fullTime(Date.parse(createdAt))}>
          {relativeTime(Date.parse(createdAt))}
        </span>
        {attempts > 1 && <span class="muted">{t('attempts', { count: attempts })}</span>}
        {nextAttemptAt !== null && <span class="muted">{t('nextAttempt', { time: relativeTime(Date.parse(nextAttemptAt)) })}</span>}
        <a class="spread" href={hashOf('logs', [], { q: id })}>
          {t('logLines')}
        </a>
      </p>
      <p class="message-content">{content}</p>
      {error !== null && <p class="message-error">{error}</p>}
      {status === 'unknown' && <p class="hint">{t('unknownText')}</p>}
      {status !== 'delivered' && status !== 'sending' && (
        <p class="row">
          {(status === 'dead' || status === 'unknown') && (
            <Button icon="retry" onClick={onRetry}>
              {t('retry')}
              <span class="off-screen">{target}</span>
            </Button>
          )}
          <Button icon="trash" kind="quiet" onClick={onDrop}>
            {t('drop')}
            <span class="off-screen">{target}</span>
          </Button>
        </p>
      )}
    </li>
  );
}

function useMessages(onChange: () => void) {
  const { status, channel } = address.value.query;
  const query = { ...(status === undefined ? {} : { status }), ...(channel === undefined ? {} : { channel }) };
  const { value, error, reload, set } = useResource((signal) => readMessages(query, signal), [status, channel]);
  useLiveReload(['message'], reload);
  const act = async (work: () => Promise<void>, done: () => void): Promise<void> => {
    try {
      await work();
      done();
    } catch (failure) {
      showToast({ text: errorText(failure), kind: 'error' });
    }
    reload();
    onChange();
  };
  const nothing = (): void => undefined;
  return {
    status,
    value,
    error,
    reload,
    retry: (message: Message) =>
      void act(
        () => retryMessage(message.id),
        () => showToast({ text: t('isRetried') }),
      ),
    drop: (message: Message) =>
      void act(
        () => dropMessage(message.id),
        () => showUndo(t('isDropped'), () => void act(() => sendMessage(message), nothing)),
      ),
    more: async (): Promise<void> => {
      if (value === undefined || value.nextCursor === null) return;
      const page = await readMessages({ ...query, cursor: value.nextCursor });
      set({ ...page, messages: [...value.messages, ...page.messages] });
    },
  };
}

function StatusFilter({ status }: { status: string | undefined }) {
  return (
    <select aria-label={t('statusFilter')} value={status ?? ''} onChange={(event) => changeQuery({ status: event.currentTarget.value })}>
      <option value="">{t('anyStatus')}</option>
      {STATUSES.map((id) => (
        <option key={id} value={id}>
          {t(`status_${id}`)}
        </option>
      ))}
    </select>
  );
}

export function Messages({ onChange }: { onChange: () => void }) {
  const { status, value, error, reload, retry, drop, more } = useMessages(onChange);
  return (
    <>
      <div class="view-head">
        <h2 class="messages-title">{t('messages')}</h2>
        <StatusFilter status={status} />
      </div>
      {error !== undefined && <ErrorBox error={error} retry={reload} isStale={value !== undefined} />}
      {value === undefined && error === undefined && <Spinner />}
      {value?.messages.length === 0 && <Empty title={t('noMessages')}>{t('noMessagesText')}</Empty>}
      <ul class="messages" aria-label={t('messages')}>
        {value?.messages.map((message) => (
          <MessageRow key={message.id} message={message} onRetry={() => retry(message)} onDrop={() => drop(message)} />
        ))}
      </ul>
      {value !== undefined && value.nextCursor !== null && <Button onClick={() => void more()}>{t('older')}</Button>}
    </>
  );
}
