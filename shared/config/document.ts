/** A configuration file as it was read: its value with references filled in, and where each value stands in the text. */
import type { Problem } from '../errors.js';
import type { KeyPath } from './key-path.js';

/** As an editor counts, from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** A `${VAR}` whose variable is not set. The value that holds it is left out of the document's value. */
export interface UnresolvedReference {
  readonly path: KeyPath;
  readonly variable: string;
}

export interface ConfigDocument {
  /** Path shown in problems. */
  readonly file: string;
  /** False when there is no file; the value is then `{}`. */
  readonly exists: boolean;
  /** SHA-256 of the file's text, hexadecimal: the revision of the document. */
  readonly hash: string;
  /** With references filled in; what an unset variable leaves open is missing. `{}` when the text cannot be read. */
  readonly value: Readonly<Record<string, unknown>>;
  /** As written. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** What keeps the text from being read: with any of them `value` means nothing. */
  readonly problems: readonly Problem[];
  readonly unresolved: readonly UnresolvedReference[];
  /**
   * Where the value (or its key) stands; for a path that is not in the text, its nearest ancestor.
   * Array indices are those of the text, see {@link ConfigDocument.textPath}.
   */
  locate(path: KeyPath, part?: 'key' | 'value'): TextPosition;
  /** A path in `value` as a path in the text: they differ behind an array element that an unset variable removed. */
  textPath(path: KeyPath): KeyPath;
}

/** The problem's place in a document. */
export function problemAt(
  document: ConfigDocument,
  path: KeyPath,
  options: { key: string; message: string; part?: 'key' | 'value' },
): Problem {
  return { file: document.file, ...document.locate(path, options.part), key: options.key, message: options.message };
}
