/**
 * Decides which files may be attached: images that models can read, recordings to transcribe, and text. The content decides, not
 * the name.
 */
import { isUtf8 } from 'node:buffer';
import type { AttachmentFile } from '../../../shared/api/attachments.js';
import { GatewayError } from '../../../shared/errors.js';
import { FILE_LIMITS } from '../../../shared/file-limits.js';
import type { StoredFile } from '../store/conversations/attachments.js';

type Signatures = readonly (readonly [mediaType: string, matches: (bytes: Buffer) => boolean])[];

const startsWith =
  (pattern: RegExp) =>
  (bytes: Buffer): boolean =>
    pattern.test(bytes.subarray(0, 12).toString('latin1'));

const IMAGES: Signatures = [
  ['image/png', (bytes) => bytes.subarray(0, 8).toString('latin1') === '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', (bytes) => bytes.subarray(0, 3).toString('hex') === 'ffd8ff'],
  ['image/gif', (bytes) => /^GIF8[79]a/.test(bytes.subarray(0, 6).toString('latin1'))],
  ['image/webp', (bytes) => /^RIFF.{4}WEBP/s.test(bytes.subarray(0, 12).toString('latin1'))],
];

/** Formats recorded by browsers and other programs. A video counts as its sound; phone photos (HEIC, AVIF) do not count. */
const RECORDINGS: Signatures = [
  ['audio/webm', (bytes) => bytes.subarray(0, 4).toString('hex') === '1a45dfa3'],
  ['audio/ogg', startsWith(/^OggS/)],
  ['audio/mp4', startsWith(/^.{4}ftyp(?!avi[fs]|he[iv][cmsx]|m[is]f1|crx )/s)],
  ['audio/wav', startsWith(/^RIFF.{4}WAVE/s)],
  ['audio/flac', startsWith(/^fLaC/)],
  ['audio/mpeg', startsWith(/^(?:ID3|\xff[\xf2\xf3\xfa\xfb])/)],
];

export const isRecording = ({ mediaType }: { readonly mediaType: string }): boolean => mediaType.startsWith('audio/');

/** Returns the type of an image that models can read, by its content. */
export const imageTypeOf = (bytes: Buffer): string | undefined => IMAGES.find(([, matches]) => matches(bytes))?.[0];

const isText = (bytes: Buffer): boolean => isUtf8(bytes) && !bytes.includes(0);

const megabytes = (bytes: number): string => `${Math.round(bytes / 104_857.6) / 10} MB`;

function refused(message: string, hint: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', { message, hint });
}

/** Returns the file as it is stored. @throws INVALID_REQUEST for an empty, too large or unknown file */
export function classifyFile({ name, mediaType, data }: AttachmentFile): StoredFile {
  const content = Buffer.from(data, 'base64');
  if (content.length === 0)
    throw refused(`the file '${name}' is empty, or its data is not base64`, 'Send the bytes of the file as base64.');
  const known = isText(content) ? IMAGES : [...IMAGES, ...RECORDINGS];
  const media = known.find(([, matches]) => matches(content))?.[0];
  if (media === undefined && !isText(content)) {
    throw refused(
      `the file '${name}' is neither an image (PNG, JPEG, GIF, WebP) nor a recording (WebM, Ogg, MP4, WAV, FLAC, MP3) nor UTF-8 text`,
      'Convert it first, e.g. a PDF to text or to images of its pages.',
    );
  }
  const limit = media === undefined ? FILE_LIMITS.maxTextBytes : FILE_LIMITS.maxMediaBytes;
  if (content.length > limit) {
    throw refused(
      `the file '${name}' has ${megabytes(content.length)}; the limit for its type is ${megabytes(limit)}`,
      'Attach a smaller image, a shorter recording, or only the relevant part of the text.',
    );
  }
  const textType = /^(text\/[\w.+-]+|application\/json)$/.test(mediaType) && mediaType !== 'text/html' ? mediaType : 'text/plain';
  return { name, mediaType: media ?? textType, content };
}
