/** The messages that wait to be sent, above the box. */
import { IconButton } from '../../../components/button/button.js';
import { t as shell } from '../../../shell/text.js';
import type { Entry, Sender } from '../model/outbox.js';
import { t } from '../text.js';

/** More of a queued message is not visible, but would be laid out. */
const QUEUE_LENGTH = 300;

interface QueueProps {
  readonly sender: Sender;
  /** Puts a message back into the box; undefined while the box has an edit, which it would end. */
  readonly onEdit: ((entry: Entry) => void) | undefined;
}

export function Queue({ sender, onEdit }: QueueProps) {
  const waiting = sender.outbox.entries.value.filter(({ state }) => state !== 'sent');
  if (waiting.length === 0) return null;
  const edit = (entry: Entry): void => {
    sender.remove(entry.key);
    onEdit?.(entry);
  };
  return (
    <ol class="queue">
      {waiting.map((entry) => (
        <QueueItem key={entry.key} entry={entry} sender={sender} onEdit={onEdit && edit} />
      ))}
    </ol>
  );
}

/** Returns what a queued message waits for. */
function waitingFor(state: Entry['state'], sender: Sender): 'sending' | 'queued' | 'queuedOffline' {
  if (state === 'sending') return 'sending';
  return sender.isCurrent.value ? 'queued' : 'queuedOffline';
}

function QueueItem({ entry, sender, onEdit }: QueueProps & { entry: Entry }) {
  const { key, content, state, error, again, attachments = [] } = entry;
  const shown = content.slice(0, QUEUE_LENGTH);
  return (
    <li data-state={state}>
      <span class="queue-text">{again === undefined ? shown : `${t('regenerate')}: ${shown}`}</span>
      {attachments.length > 0 && <span class="hint">{t('withFiles', { count: attachments.length })}</span>}
      <span class="hint">{state === 'failed' ? error : t(waitingFor(state, sender))}</span>
      {state === 'failed' && <IconButton icon="retry" label={shell('retry')} onClick={() => sender.retry(key)} />}
      {onEdit !== undefined && state !== 'sending' && again === undefined && (
        <IconButton icon="edit" label={t('edit')} onClick={() => onEdit(entry)} />
      )}
      {state !== 'sending' && <IconButton icon="close" label={t('remove')} onClick={() => sender.remove(key)} />}
    </li>
  );
}
