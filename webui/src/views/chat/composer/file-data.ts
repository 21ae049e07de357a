/** The content of attached files. It imports nothing from the chat view, because that would add a request to the view's first load. */
import type { FILE_LIMITS } from '../../../../../shared/file-limits.js';
import { defineText } from '../../../i18n/language.js';
import en from '../../../i18n/en/chat/files.json';
import zh from '../../../i18n/zh/chat/files.json';

const t = defineText(en, zh);

/** Providers scale larger pictures down to this. */
const MAX_SIDE_PX = 2_048;
const JPEG_QUALITY = 0.86;

/** Scales a picture down to the size that models use. A file that cannot be drawn is returned unchanged. */
async function shrink(file: File, maxBytes: number): Promise<Blob> {
  if (!/^image\/(png|jpeg|webp)$/.test(file.type)) return file;
  const picture = await createImageBitmap(file).catch(() => undefined);
  if (picture === undefined) return file;
  const scale = Math.min(1, MAX_SIDE_PX / Math.max(picture.width, picture.height));
  if (scale === 1 && file.size <= maxBytes) return file;
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  const drawing = canvas.getContext('2d');
  if (drawing === null) return file;
  // JPEG has no transparency, so transparent parts would be black.
  drawing.fillStyle = 'white';
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ?? file), 'image/jpeg', JPEG_QUALITY));
}

function toBase64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve((reader.result as string).split(',')[1] ?? ''));
    reader.addEventListener('error', () => reject(reader.error as DOMException));
    reader.readAsDataURL(blob);
  });
}

/**
 * Returns the content of a file to upload. @param place  of the file in the draft, from 0 @throws for more than the limits, before the
 * file is read: several copies of it would be in memory
 */
export async function base64Of(
  file: File,
  { maxPerMessage, maxMediaBytes, maxTextBytes }: typeof FILE_LIMITS,
  place: number,
): Promise<string> {
  if (place >= maxPerMessage) throw new Error(t('tooMany', { count: maxPerMessage }));
  const content = await shrink(file, maxMediaBytes);
  if (content.size > maxMediaBytes) throw new Error(t('tooLarge', { media: maxMediaBytes / 1_048_576, text: maxTextBytes / 1_048_576 }));
  return toBase64(content);
}
