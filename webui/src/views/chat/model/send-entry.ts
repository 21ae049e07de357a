/** Sends what waits in an outbox. */
import type { ServerFrame } from '../../../../../shared/api/socket.js';
import { pageSocket, type SocketError } from '../../../api/socket.js';
import { newKey } from '../../../browser/new-key.js';
import { errorText } from '../../../components/feedback/error-words.js';
import type { Entry } from './outbox.js';
import { t } from '../text.js';

/** Sends a message, or asks for another answer. @throws SocketError */
export function sendEntry(session: string, { key, content, replaceFrom, again, attachments }: Entry): Promise<ServerFrame> {
  const wish = { session, key };
  if (again !== undefined) return pageSocket.ask('regenerate', { ...wish, messageId: again });
  return pageSocket.ask('send', { ...wish, content, replaceFrom, attachments: attachments?.map(({ id }) => id) });
}

/** Returns what a refusal changes of the entry, which can be sent again. */
export function refusedBy(error: SocketError, { attachments }: Entry): Partial<Entry> {
  const gone = attachments?.find(({ id }) => error.message.includes(id));
  const reason = error.code === 'PAYLOAD_TOO_LARGE' ? t('tooLong') : errorText(error);
  const text = gone === undefined ? reason : `${gone.name}: ${t('fileGone')}`;
  // The key of a message that was taken back stays taken.
  return { state: 'failed', error: text, ...(error.code === 'CONFLICT' && { key: newKey(), wasSent: false }) };
}
