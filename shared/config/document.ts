/** A parsed configuration file: its value with references replaced, and the position of each value in the text. */
import type { Problem } from '../errors.js';
import { explainFile } from '../text/file-reasons.js';
import type { Said } from '../text/fill-text.js';
import type { KeyPath } from './key-path.js';

/** As an editor counts, from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** A `${VAR}` whose variable is not set. The value that contains it is omitted from the document's value. */
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
  /** References are replaced; values with an unset variable are missing. `{}` when the text cannot be parsed. */
  readonly value: Readonly<Record<string, unknown>>;
  /** As written. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** Syntax problems; with any of them, `value` is not usable. */
  readonly problems: readonly Problem[];
  readonly unresolved: readonly UnresolvedReference[];
  /**
   * Position of the value (or its key); for a path that is not in the text, of its nearest ancestor.
   * Array indices are those of the text, see {@link ConfigDocument.textPath}.
   */
  locate(path: KeyPath, part?: 'key' | 'value'): TextPosition;
  /** A path in `value` as a path in the text: they differ behind an array element that an unset variable removed. */
  textPath(path: KeyPath): KeyPath;
}

/** Returns a problem with its position in a document. */
export function problemAt(document: ConfigDocument, path: KeyPath, options: Said & { key: string; part?: 'key' | 'value' }): Problem {
  const { part, ...problem } = options;
  return { file: document.file, ...document.locate(path, part), ...problem };
}

/** Problems, or warnings, of one document; the value of a larger one may have a hundred thousand. */
export const MAX_LISTED = 100;

/** Describes the first items and adds a note if there are more. */
export function describeFirst<Item>(
  document: ConfigDocument,
  items: readonly Item[],
  describe: (item: Item) => readonly Problem[],
): Problem[] {
  const described = items.slice(0, MAX_LISTED + 1).flatMap(describe);
  if (described.length <= MAX_LISTED) return described;
  return [...described.slice(0, MAX_LISTED), { file: document.file, ...explainFile('more-problems') }];
}
