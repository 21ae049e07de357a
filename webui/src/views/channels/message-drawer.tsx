/** One message to a chat: its text, its outcome and its actions. */
import { useState } from 'preact/hooks';
import type { OutgoingDocument as Message } from '../../../../shared/api/messages.js';
import { apiPath, call } from '../../api/client.js';
import { useLiveReload } from '../../api/live-reload.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { accountName } from '../../components/channel-name/channel-name.js';
import { Dialog, DialogActions } from '../../components/dialog/dialog.js';
import { Fact, Facts } from '../../components/facts/facts.js';
import { ErrorBox, Loaded } from '../../components/feedback/feedback.js';
import { whyText } from '../../components/feedback/reason-text.js';
import { FormDialog, useWork } from '../../components/form/form.js';
import { Markdown } from '../../components/markdown/markdown.js';
import { Ago } from '../../components/time-text/time-text.js';
import { showToast } from '../../components/toast/toast.js';
import { hashOf } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { readMessage } from './channels-api.js';
import { DeliveryStatus } from './delivery.js';
import { t } from './text.js';

function MessageFacts({ message }: { message: Message }) {
  const { id, channel, accountId, chat_id: chat, attempts, parts, deliveredParts, createdAt, updatedAt, nextAttemptAt, status } = message;
  return (
    <Facts>
      <Fact name={t('account')}>{accountName(channel, accountId)}</Fact>
      <Fact name={t('chat')}>
        <code>{chat}</code>
      </Fact>
      <Fact name={t('accepted')}>
        <Ago at={createdAt} />
      </Fact>
      {status === 'delivered' && (
        <Fact name={t('status_delivered')}>
          <Ago at={updatedAt} />
        </Fact>
      )}
      <Fact name={t('attempts')}>{attempts}</Fact>
      {nextAttemptAt !== null && (
        <Fact name={t('nextAttempt')}>
          <Ago at={nextAttemptAt} />
        </Fact>
      )}
      {parts > 1 && <Fact name={t('parts')}>{t('partsOf', { count: deliveredParts, total: parts })}</Fact>}
      <Fact name={t('id')}>
        <code>{id}</code>
      </Fact>
    </Facts>
  );
}

/** A dropped message is deleted: the same text sent again would be another message, with another id for its receiver. */
function DropDialog({ onClose, onDrop }: { onClose: () => void; onDrop: () => Promise<void> }) {
  return (
    <FormDialog title={t('dropTitle')} submitText={t('drop')} submitKind="danger" onClose={onClose} onSubmit={onDrop}>
      <p>{t('dropText')}</p>
    </FormDialog>
  );
}

interface DrawerProps {
  readonly id: string;
  readonly onClose: () => void;
  /** Reloads the list. */
  readonly onChange: () => void;
}

export function MessageDrawer({ id, onClose, onChange }: DrawerProps) {
  const { value: message, error, reload, refresh } = useResource((signal) => readMessage(id, signal), [id]);
  useLiveReload(['message'], refresh);
  const { error: failure, run } = useWork();
  const [isDropping, setDropping] = useState(false);
  const done = (text: string): void => {
    onClose();
    onChange();
    showToast({ text });
  };
  const retry = (): Promise<void> =>
    run('retry', async () => {
      await call('POST', apiPath('/api/messages/:id/retry', { id }));
      done(t('isRetried'));
    });
  const drop = async (): Promise<void> => {
    await call('DELETE', apiPath('/api/messages/:id', { id }));
    done(t('isDropped'));
  };
  const status = message?.status;
  return (
    <Dialog title={t('message')} size="side" onClose={onClose}>
      <Loaded of={{ value: message, error, reload }} lines={5} />
      {message !== undefined && (
        <>
          <p>
            <DeliveryStatus status={message.status} />
          </p>
          {message.error !== null && (
            <div class={`callout ${status === 'dead' ? 'bad' : 'warning'}`}>
              <p>{whyText(message.error, message.why)}</p>
              {status === 'unknown' && <p class="hint">{t('unknownText')}</p>}
            </div>
          )}
          <div class="outgoing-content">
            <Markdown text={message.content} />
          </div>
          <MessageFacts message={message} />
          <DialogActions>
            {failure !== undefined && <ErrorBox error={failure} />}
            <Button icon="logs" text={shell('logs')} href={hashOf('logs', [], { q: id })} />
            {status !== 'delivered' && status !== 'sending' && <Button icon="trash" text={t('drop')} onClick={() => setDropping(true)} />}
            {(status === 'dead' || status === 'unknown') && (
              <Button kind="primary" icon="retry" text={t('retry')} onClick={() => void retry()} />
            )}
          </DialogActions>
        </>
      )}
      {isDropping && <DropDialog onClose={() => setDropping(false)} onDrop={drop} />}
    </Dialog>
  );
}
