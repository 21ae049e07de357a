/** One message to a chat: its text, what became of it, and what can be done. */
import type { OutgoingDocument as Message } from '../../../../shared/api/messages.js';
import { apiPath, call } from '../../api/client.js';
import { useLiveReload } from '../../api/live-reload.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { accountName } from '../../components/channel-name/channel-name.js';
import { Dialog, DialogActions } from '../../components/dialog/dialog.js';
import { ErrorBox } from '../../components/feedback/feedback.js';
import { Markdown } from '../../components/markdown/markdown.js';
import { Skeleton } from '../../components/skeleton/skeleton.js';
import { Ago } from '../../components/time-text/time-text.js';
import { attempt, showToast, showUndo } from '../../components/toast/toast.js';
import { hashOf } from '../../shell/router.js';
import { readMessage, sendMessage } from './channels-api.js';
import { DeliveryStatus } from './delivery.js';
import { t } from './text.js';

function Facts({ message }: { message: Message }) {
  const { id, channel, accountId, chat_id: chat, attempts, parts, deliveredParts, createdAt, updatedAt, nextAttemptAt, status } = message;
  return (
    <dl class="outgoing-facts">
      <dt>{t('account')}</dt>
      <dd>{accountName(channel, accountId)}</dd>
      <dt>{t('chat')}</dt>
      <dd>
        <code>{chat}</code>
      </dd>
      <dt>{t('accepted')}</dt>
      <Ago as="dd" at={createdAt} />
      {status === 'delivered' && (
        <>
          <dt>{t('status_delivered')}</dt>
          <Ago as="dd" at={updatedAt} />
        </>
      )}
      <dt>{t('attempts')}</dt>
      <dd class="number">{attempts}</dd>
      {nextAttemptAt !== null && (
        <>
          <dt>{t('nextAttempt')}</dt>
          <Ago as="dd" at={nextAttemptAt} />
        </>
      )}
      {parts > 1 && (
        <>
          <dt>{t('parts')}</dt>
          <dd>{t('partsOf', { count: deliveredParts, total: parts })}</dd>
        </>
      )}
      <dt>{t('id')}</dt>
      <dd>
        <code>{id}</code>
      </dd>
    </dl>
  );
}

interface DrawerProps {
  readonly id: string;
  readonly onClose: () => void;
  /** The list is to be read again. */
  readonly onChange: () => void;
}

export function MessageDrawer({ id, onClose, onChange }: DrawerProps) {
  const { value: message, error, reload } = useResource((signal) => readMessage(id, signal), [id]);
  useLiveReload(['message'], reload);
  const act = async (work: () => Promise<unknown>, done: () => void): Promise<void> => {
    if (!(await attempt(work))) return;
    onClose();
    onChange();
    done();
  };
  const retry = (): Promise<void> =>
    act(
      () => call('POST', apiPath('/api/messages/:id/retry', { id })),
      () => showToast({ text: t('isRetried') }),
    );
  const drop = (dropped: Message): Promise<void> =>
    act(
      () => call('DELETE', apiPath('/api/messages/:id', { id })),
      () => showUndo(t('isDropped'), () => void attempt(() => sendMessage(dropped)).then(onChange)),
    );
  const status = message?.status;
  return (
    <Dialog title={t('message')} size="side" onClose={onClose}>
      {error !== undefined && <ErrorBox error={error} retry={reload} isStale={message !== undefined} />}
      {message === undefined && error === undefined && <Skeleton lines={5} />}
      {message !== undefined && (
        <>
          <p>
            <DeliveryStatus status={message.status} />
          </p>
          {message.error !== null && (
            <div class={`account-trouble ${status === 'dead' ? 'bad' : 'warning'}`}>
              <p>{message.error}</p>
              {status === 'unknown' && <p class="hint">{t('unknownText')}</p>}
            </div>
          )}
          <div class="outgoing-content">
            <Markdown text={message.content} />
          </div>
          <Facts message={message} />
          <p>
            <a href={hashOf('logs', [], { q: id })}>{t('logLines')}</a>
          </p>
          {status !== 'delivered' && status !== 'sending' && (
            <DialogActions>
              <Button icon="trash" text={t('drop')} onClick={() => void drop(message)} />
              {(status === 'dead' || status === 'unknown') && (
                <Button kind="primary" icon="retry" text={t('retry')} onClick={() => void retry()} />
              )}
            </DialogActions>
          )}
        </>
      )}
    </Dialog>
  );
}
