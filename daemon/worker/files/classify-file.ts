/** What may be attached: images that models read, and text. A file is what its bytes say, not what its name does. */
import { isUtf8 } from 'node:buffer';
import { FILE_LIMITS } from '../../../shared/file-limits.js';
import type { GivenFile, Problem, SoundFile } from './file.js';

const IMAGES: readonly (readonly [mediaType: string, looksSo: (bytes: Buffer) => boolean])[] = [
  ['image/png', (bytes) => bytes.subarray(0, 8).toString('latin1') === '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', (bytes) => bytes.subarray(0, 3).toString('hex') === 'ffd8ff'],
  ['image/gif', (bytes) => /^GIF8[79]a/.test(bytes.subarray(0, 6).toString('latin1'))],
  ['image/webp', (bytes) => /^RIFF.{4}WEBP/s.test(bytes.subarray(0, 12).toString('latin1'))],
];

const isText = (bytes: Buffer): boolean => isUtf8(bytes) && !bytes.includes(0);

const megabytes = (bytes: number): string => `${Math.round(bytes / 104_857.6) / 10} MB`;

function tooLarge(name: string, size: number, most: number): Problem {
  const hint = 'Attach a smaller picture, or the part of the text that matters.';
  return { message: `the file '${name}' has ${megabytes(size)}; a file of its kind may have ${megabytes(most)}`, hint };
}

/** @returns the file as it is kept, or why it cannot be */
export function judgeFile({ name, mediaType, data }: GivenFile): { readonly file: SoundFile } | { readonly problem: Problem } {
  const content = Buffer.from(data, 'base64');
  if (content.length === 0) {
    return { problem: { message: `the file '${name}' is empty, or its data is no base64`, hint: 'Send the bytes of the file as base64.' } };
  }
  const image = IMAGES.find(([, looksSo]) => looksSo(content))?.[0];
  const most = image === undefined ? FILE_LIMITS.maxTextBytes : FILE_LIMITS.maxImageBytes;
  if (image === undefined && !isText(content)) {
    return {
      problem: {
        message: `the file '${name}' is neither a picture (PNG, JPEG, GIF, WebP) nor text in UTF-8`,
        hint: 'Attach it as one of those: a PDF as its text, or as pictures of its pages.',
      },
    };
  }
  if (content.length > most) return { problem: tooLarge(name, content.length, most) };
  const textType = /^(text\/[\w.+-]+|application\/json)$/.test(mediaType) && mediaType !== 'text/html' ? mediaType : 'text/plain';
  return { file: { name, mediaType: image ?? textType, content } };
}
