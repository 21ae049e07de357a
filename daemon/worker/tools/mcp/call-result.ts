/** Converts a call's result for a model: bounded text, with images separate. */
import type { McpCallResult } from '../../../../shared/api/tools/mcp.js';
import type { ServerSecrets } from './server-secrets.js';
import { type Fields, isFields } from '../../../../shared/fields.js';
import { isUnsafeInteger } from '../../../../shared/node/exact-json.js';
import { isTooDeep, TOO_DEEP } from '../../../../shared/node/json-guard.js';
import { cutText } from '../../../../shared/text/one-line.js';

const MAX_TEXT_LENGTH = 100_000;
const MAX_PARTS = 1_000;
const MAX_IMAGES = 10;
const MAX_IMAGE_LENGTH = 7_000_000;
const TRUNCATED = '\n\n(truncated: this is the beginning)';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Of Base64. */
function sizeOf(data: string): string {
  const bytes = Math.floor((data.length * 3) / 4);
  return bytes < 1_024 ? `${bytes} bytes` : `${Math.round(bytes / 1_024)} KB`;
}

function describeResource(resource: Fields): string {
  const name = textOf(resource['name']) || textOf(resource['uri']) || 'a resource';
  if (typeof resource['text'] === 'string') return `${name}:\n${resource['text']}`;
  return typeof resource['blob'] === 'string' ? `(${name}, ${sizeOf(resource['blob'])})` : `(${name})`;
}

function describePart(part: unknown): string {
  if (!isFields(part)) return '';
  switch (part['type']) {
    case 'text':
      return textOf(part['text']);
    case 'image':
      return `(an image, ${sizeOf(textOf(part['data']))})`;
    case 'audio':
      return `(a recording, ${sizeOf(textOf(part['data']))})`;
    case 'resource':
      return isFields(part['resource']) ? describeResource(part['resource']) : '';
    case 'resource_link':
      return `(resource ${textOf(part['name'])}: ${textOf(part['uri'])})`;
    default:
      return '';
  }
}

function imagesOf(parts: readonly unknown[]): McpCallResult['images'] {
  return parts
    .filter(isFields)
    .filter(({ type, data }) => type === 'image' && typeof data === 'string' && data.length <= MAX_IMAGE_LENGTH)
    .slice(0, MAX_IMAGES)
    .map(({ data, mimeType }) => ({ mediaType: textOf(mimeType).slice(0, 100), data: textOf(data) }));
}

function bounded(text: string): string {
  const whole = text.length <= MAX_TEXT_LENGTH ? text : cutText(text, MAX_TEXT_LENGTH, '') + TRUNCATED;
  return whole.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** With a rounded number, such as an id, a model would call the next tool for the wrong object. */
function textOfStructured(output: unknown): string {
  if (output === undefined) return '';
  if (isTooDeep(output)) throw new Error(`its result ${TOO_DEEP}`);
  return JSON.stringify(output, (_key, value: unknown) => (isUnsafeInteger(value) ? `${String(value)} (may be rounded)` : value));
}

/** @param result  as the server sent it. @throws Error when it cannot be read */
export function readResult(result: unknown, secrets: ServerSecrets): Omit<McpCallResult, 'durationMs'> {
  const { content, structuredContent, isError } = isFields(result) ? result : {};
  const parts = Array.isArray(content) ? (content as unknown[]).slice(0, MAX_PARTS) : [];
  const text = parts
    .map(describePart)
    .filter((part) => part !== '')
    .join('\n');
  const whole = text || textOfStructured(structuredContent);
  // Before it is cut: half of a secret would not be recognised.
  const shown = isError === true ? secrets.inErrors(whole) : secrets.inResults(whole);
  return { text: bounded(shown || '(no output)'), isError: isError === true, images: imagesOf(parts) };
}
