/** Reasons why the text of a configuration file cannot be parsed. Kept apart from the others, because every command loads them. */
import { fillText } from './fill-text.js';

export const FILE_REASONS = {
  'json-invalid-symbol': 'not JSON: text needs double quotes',
  'json-invalid-number-format': 'not a valid JSON number',
  'json-property-name-expected': 'a key in double quotes is expected here',
  'json-value-expected': 'a value is expected here',
  'json-colon-expected': "':' is expected here",
  'json-comma-expected': "',' is expected here",
  'json-close-brace-expected': "'}' is missing",
  'json-close-bracket-expected': "']' is missing",
  'json-end-of-file-expected': 'unexpected text after the document',
  'json-unexpected-end-of-comment': 'this comment is not closed',
  'json-unexpected-end-of-string': 'this string has no closing quote',
  'json-unexpected-end-of-number': 'this number is incomplete',
  'json-invalid-unicode': "'\\u' needs four hexadecimal digits",
  'json-invalid-escape-character': 'this escape is not one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX',
  'json-invalid-character': 'this character must be escaped',
  'json-invalid': 'not valid JSON',
  'json-key-not-allowed': 'is not allowed as a key',
  'json-key-twice': 'is set twice; remove one of them',
  'json-too-deep': 'is nested more than {max} levels deep',
  'json-empty': 'is empty; write {} for a configuration that sets nothing',
  'unset-host': 'refers to ${{variable}}, which is not set; without it the gateway would listen on every address',
  'file-removed': 'was removed; put it back, or write {} for the defaults',
  'json-no-object': 'must be an object: { … }',
  'not-storable': 'has a NUL character or half of a surrogate pair',
  'more-problems': 'has more problems; they are listed once these are solved',
} as const satisfies Readonly<Record<string, string>>;

export type FileReason = keyof typeof FILE_REASONS;

export const isFileReason = (code: string): code is FileReason => Object.hasOwn(FILE_REASONS, code);

/** Returns the English text with its code and values. */
export const explainFile = (code: FileReason, values: Readonly<Record<string, string | number>> = {}) => ({
  message: fillText(FILE_REASONS[code], values),
  code,
  values,
});
