/** Messages to chats: their delivery, its errors, and the actions on them. */
import type { OutgoingDocument as Message } from '../../../../shared/api/messages.js';
import { apiPath, call } from '../../api/client.js';
import { useLiveReload } from '../../api/live-reload.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { Empty, Loaded } from '../../components/feedback/feedback.js';
import { Select } from '../../components/field/field.js';
import { Ago, relativeTime } from '../../components/time-text/time-text.js';
import { attempt, showToast, showUndo } from '../../components/toast/toast.js';
import { address, changeQuery, hashOf } from '../../shell/router.js';
import { readMessages, sendMessage } from './channels-api.js';
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
    <li class="outgoing">
      <p class="row">
        <span class={chipOf(status)}>{t(`status_${status}`)}</span>
        <span>{target}</span>
        <Ago class="muted" at={createdAt} />
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
          {(status === 'dead' || status === 'unknown') && <Button icon="retry" text={t('retry')} about={target} onClick={onRetry} />}
          <Button icon="trash" kind="quiet" text={t('drop')} about={target} onClick={onDrop} />
        </p>
      )}
    </li>
  );
}

function useMessages(onChange: () => void) {
  const { status, channel } = address.value.query;
  const resource = useResource((signal) => readMessages({ status, channel }, signal), [status, channel]);
  const { value, reload, set } = resource;
  useLiveReload(['message'], reload);
  const act = async (work: () => Promise<unknown>, done: () => void): Promise<void> => {
    if (await attempt(work)) done();
    reload();
    onChange();
  };
  return {
    status,
    resource,
    retry: (message: Message) =>
      void act(
        () => call('POST', apiPath('/api/messages/:id/retry', { id: message.id })),
        () => showToast({ text: t('isRetried') }),
      ),
    drop: (message: Message) =>
      void act(
        () => call('DELETE', apiPath('/api/messages/:id', { id: message.id })),
        () =>
          showUndo(
            t('isDropped'),
            () =>
              void act(
                () => sendMessage(message),
                () => undefined,
              ),
          ),
      ),
    more: async (): Promise<void> => {
      if (value === undefined || value.nextCursor === null) return;
      const page = await readMessages({ status, channel, cursor: value.nextCursor });
      set({ ...page, messages: [...value.messages, ...page.messages] });
    },
  };
}

function StatusFilter({ status }: { status: string | undefined }) {
  const choices = [{ value: '', label: t('anyStatus') }, ...STATUSES.map((value) => ({ value, label: t(`status_${value}`) }))];
  return (
    <Select aria-label={t('statusFilter')} value={status ?? ''} choices={choices} onChange={(value) => changeQuery({ status: value })} />
  );
}

export function Messages({ onChange }: { onChange: () => void }) {
  const { status, resource, retry, drop, more } = useMessages(onChange);
  const { value } = resource;
  return (
    <>
      <div class="row">
        <h2 class="messages-title">{t('messages')}</h2>
        <StatusFilter status={status} />
      </div>
      <Loaded of={resource} />
      {value?.messages.length === 0 && <Empty title={t('noMessages')}>{t('noMessagesText')}</Empty>}
      <ul class="messages" aria-label={t('messages')}>
        {value?.messages.map((message) => (
          <MessageRow key={message.id} message={message} onRetry={() => retry(message)} onDrop={() => drop(message)} />
        ))}
      </ul>
      {value !== undefined && value.nextCursor !== null && <Button text={t('older')} onClick={() => void more()} />}
    </>
  );
}
