/** What a model is given of the files of messages: pictures, where it takes them, and texts. */
import type { ChatImage } from '../providers/provider.js';
import { queriesOf, type Transaction } from '../store/transaction.js';

export interface FilesOfMessage {
  /** To be added to what the message says. */
  readonly text: string;
  readonly images: readonly ChatImage[];
}

const quote = (name: string): string => name.replace(/["<>&\n]/g, '_');

/** @returns by message, for those that have files */
export async function readForModel(
  tx: Transaction,
  { sessionId, messageIds, takesImages }: { sessionId: number; messageIds: readonly string[]; takesImages: boolean },
): Promise<ReadonlyMap<string, FilesOfMessage>> {
  const rows = await queriesOf(tx)
    .selectFrom('attachments')
    .select(['message_id', 'name', 'media_type', 'content'])
    .where('session_id', '=', sessionId)
    .where('message_id', 'in', messageIds)
    .orderBy('seq')
    .execute();
  const found = new Map<string, FilesOfMessage>();
  for (const { message_id: id, name, media_type: mediaType, content } of rows) {
    const { text, images } = found.get(id) ?? { text: '', images: [] };
    const bytes = Buffer.from(content);
    if (!mediaType.startsWith('image/')) {
      found.set(id, { text: `${text}\n\n<file name="${quote(name)}">\n${bytes.toString('utf8')}\n</file>`, images });
    } else if (takesImages) found.set(id, { text, images: [...images, { mediaType, bytes }] });
    else found.set(id, { text: `${text}\n\n[A picture, "${quote(name)}", was attached; this model takes no pictures.]`, images });
  }
  return found;
}
