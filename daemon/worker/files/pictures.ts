/**
 * Handles images that tools show to models: which are accepted, and how many a model gets next to those of people. They are kept as files
 * of their call's message.
 */
import { FILE_LIMITS } from '../../../shared/file-limits.js';
import type { ChatImage, ModelMessage } from '../providers/provider.js';
import { listAttachments, type NewFile, readContents } from '../store/conversations/attachments.js';
import type { Transaction } from '../store/transaction.js';
import { imagesOf, leftOut, newFileId } from './attachments.js';
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

/**
 * Returns a function that counts images, the most important ones first, until there is no room for more. @param most  how many of tools
 */
function pictureRoom(most: number): (sizes: readonly number[], isOfTool: boolean) => boolean {
  let left = most;
  let leftBytes = MOST_BYTES;
  return (sizes, isOfTool) => {
    left -= isOfTool ? sizes.length : 0;
    if (isOfTool && left < 0) return false;
    leftBytes -= sizes.reduce((sum, size) => sum + size, 0);
    return leftBytes >= 0;
  };
}

const sizesOf = (images: readonly ChatImage[]): number[] => images.map(({ bytes }) => bytes.length);
const withoutPictures = <Shown extends { readonly images?: unknown }>({ images: _images, ...rest }: Shown): Omit<Shown, 'images'> => rest;

/**
 * Returns a function that counts images of people, the most important ones first, and says of each whether there is room for it.
 * @param taken  those of the question, which come first
 */
export function imageRoom(taken: readonly ChatImage[] = []): (bytes: number) => boolean {
  const room = pictureRoom(0);
  room(sizesOf(taken), false);
  return (bytes) => room([bytes], false);
}

function limitPictures(message: ModelMessage, room: ReturnType<typeof pictureRoom>): ModelMessage {
  if (message.role === 'toolResults') {
    const results = message.results.toReversed().map((result) => {
      const { images = [] } = result;
      return room(sizesOf(images), true) ? result : withoutPictures(result);
    });
    return { ...message, results: results.toReversed() };
  }
  if (message.role !== 'user' || message.images === undefined) return message;
  const images = message.images.filter(({ bytes }) => room([bytes.length], false));
  const missing = message.images.length - images.length;
  if (missing === 0) return message;
  return { ...withoutPictures(message), content: message.content + leftOut(missing), ...(images.length > 0 && { images }) };
}

/**
 * Returns the messages with only the newest images. Those of the question come first, because it cannot be answered without them. A
 * result has all of its images, or none.
 */
export function withNewestPictures<Message extends ModelMessage>(
  messages: readonly Message[],
  most: number = FILE_LIMITS.maxPerMessage,
): Message[] {
  const room = pictureRoom(most);
  const question = messages.findLastIndex(({ role }) => role === 'user');
  const newestFirst = [...messages.keys()].toSorted((a, b) => Number(b === question) - Number(a === question) || b - a);
  const limited = [...messages];
  // The role stays the same, and so does the type.
  for (const index of newestFirst) limited[index] = limitPictures(limited[index] as Message, room) as Message;
  return limited;
}

/** Returns the newest images of tool messages, by message id. */
export async function readPicturesOf(
  tx: Transaction,
  { sessionId, messageIds }: { readonly sessionId: number; readonly messageIds: readonly string[] },
): Promise<ReadonlyMap<string, readonly ChatImage[]>> {
  const notes = [...(await listAttachments(tx, sessionId, messageIds))];
  const room = pictureRoom(FILE_LIMITS.maxPerMessage);
  const newest = notes.toReversed().filter(([, files]) =>
    room(
      files.map(({ size }) => size),
      true,
    ),
  );
  const ids = newest.flatMap(([, files]) => files.map(({ id }) => id));
  const contents = await readContents(tx, ids);
  return new Map(newest.map(([id, files]) => [id, imagesOf(files, contents)]));
}
