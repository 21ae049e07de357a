/**
 * Handles images that tools show to models: which are accepted, and how many a model gets. They are kept as files of their call's
 * message.
 */
import { FILE_LIMITS } from '../../../shared/file-limits.js';
import type { ChatImage, ModelMessage, ToolResult } from '../providers/provider.js';
import { listAttachments, type NewFile, readAttachments } from '../store/conversations/attachments.js';
import type { Transaction } from '../store/transaction.js';
import { newFileId } from './attachments.js';
import { imageTypeOf } from './classify-file.js';

/**
 * Limit for all images in one request, because providers limit its size. The images of one result never exceed it: a server's
 * message has at most 20 MB.
 */
const MOST_BYTES = 4 * FILE_LIMITS.maxMediaBytes;

/** Returns the images in a tool's output, in base64, that could also be attached to a message. */
export function readPictures(shown: readonly string[]): ChatImage[] {
  const pictures = shown.flatMap((data): ChatImage[] => {
    const bytes = Buffer.from(data, 'base64');
    const mediaType = bytes.length > FILE_LIMITS.maxMediaBytes ? undefined : imageTypeOf(bytes);
    return mediaType === undefined ? [] : [{ mediaType, bytes }];
  });
  return pictures.slice(0, FILE_LIMITS.maxPerMessage);
}

/** Returns images as files. @param name  name of the tool */
export function pictureFiles(name: string, pictures: readonly ChatImage[]): NewFile[] {
  return pictures.map(({ mediaType, bytes }, index) => ({
    id: newFileId(),
    name: `${name}-${index + 1}.${mediaType.slice('image/'.length)}`,
    mediaType,
    content: Buffer.from(bytes),
  }));
}

/** Returns the newest groups of images that a model gets together. @param groups  oldest first */
function newestOf<Group>(groups: readonly Group[], sizesOf: (group: Group) => readonly number[], most: number): ReadonlySet<Group> {
  let left = most;
  let leftBytes = MOST_BYTES;
  const newest = groups.toReversed().filter((group) => {
    const sizes = sizesOf(group);
    left -= sizes.length;
    leftBytes -= sizes.reduce((sum, size) => sum + size, 0);
    return left >= 0 && leftBytes >= 0;
  });
  return new Set(newest);
}

const withoutPictures = ({ images: _images, ...result }: ToolResult): ToolResult => result;

/** Returns the messages with only the newest images of tools: a result has all of its images, or none. */
export function withNewestPictures<Message extends ModelMessage>(
  messages: readonly Message[],
  most: number = FILE_LIMITS.maxPerMessage,
): Message[] {
  const results = messages.flatMap((message) => (message.role === 'toolResults' ? message.results : []));
  const newest = newestOf(results, ({ images = [] }) => images.map(({ bytes }) => bytes.length), most);
  return messages.map((message) =>
    message.role === 'toolResults'
      ? { ...message, results: message.results.map((result) => (newest.has(result) ? result : withoutPictures(result))) }
      : message,
  );
}

/** Returns the newest images of tool messages, by message id. */
export async function readPicturesOf(
  tx: Transaction,
  { sessionId, messageIds }: { readonly sessionId: number; readonly messageIds: readonly string[] },
): Promise<ReadonlyMap<string, readonly ChatImage[]>> {
  const notes = [...(await listAttachments(tx, sessionId, messageIds))];
  const newest = newestOf(notes, ([, files]) => files.map(({ size }) => size), FILE_LIMITS.maxPerMessage);
  const found = new Map<string, ChatImage[]>();
  const ids = [...newest].map(([id]) => id);
  for (const { messageId, mediaType, content: bytes } of await readAttachments(tx, sessionId, ids))
    if (mediaType.startsWith('image/')) found.set(messageId, [...(found.get(messageId) ?? []), { mediaType, bytes }]);
  return found;
}
