/** Turns a configuration text into a document: JSON with comments, `${VAR}` references, positions for every problem. */
import { createHash } from 'node:crypto';
import type { ConfigDocument } from '../../config/document.js';
import { interpolate } from '../../config/interpolate.js';
import { parseJsonc, type JsoncDocument } from '../../config/jsonc.js';
import { formatProblem, GatewayError, type Problem } from '../../errors.js';
import { explainFile } from '../../text/file-reasons.js';
import { environmentValue } from '../process/env.js';
import { isFields } from '../../fields.js';

export type VariableLookup = (name: string) => string | undefined;

const CORRECT = 'Correct the file, then check it with: xopc config validate';

/** Of `models.json`, no versions are kept. */
const hasVersions = (file: string): boolean => !file.endsWith('models.json');

/** Hint for a file that was removed. `xopc config validate` would not help: it accepts a missing file. */
export const removedHint = (file: string): string =>
  hasVersions(file) ? 'See its earlier versions with: xopc config versions' : 'Until then, the gateway uses the last valid one.';

function hintFor({ file = '', code }: Partial<Problem>): string {
  if (code === 'file-removed') return removedHint(file);
  return hasVersions(file) ? `${CORRECT}   Or take an earlier config.json: xopc config versions` : CORRECT;
}

/** All problems of one file as one error: the first in the message, the rest in the details. */
export function configInvalid(file: string, problems: readonly Problem[], hint = hintFor({ file, ...problems[0] })): GatewayError {
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const first = problems[0];
  return new GatewayError('CONFIG_INVALID', {
    message: first === undefined ? `${file} is invalid` : `${formatProblem(first)}${more}`,
    details: { problems },
    hint,
  });
}

/** Editors on Windows may put a byte order mark first; it is kept when the file is written. */
export function stripBom(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Returns the problems that make a text unusable as a configuration file, regardless of its keys. */
export function problemsOf(parsed: JsoncDocument, text: string, file: string): Problem[] {
  const at = { file, line: 1, column: 1 };
  // An empty file is far more often an accident (a full disk, an interrupted save) than a request for defaults.
  if (text.trim() === '') return [{ ...at, ...explainFile('json-empty') }];
  if (parsed.problems.length === 0 && !isFields(parsed.value)) return [{ ...at, ...explainFile('json-no-object') }];
  return parsed.problems.map(({ position, key, ...what }) => ({ file, ...position, ...(key === '' ? {} : { key }), ...what }));
}

/**
 * Parses a text. Never throws: errors are in `problems`.
 * @param file  shown in problems.
 * @param lookup  value of an environment variable, default the process's own.
 */
export function parseConfigText(text: string, file: string, lookup: VariableLookup = environmentValue): ConfigDocument {
  const parsed = parseJsonc(stripBom(text));
  const problems = problemsOf(parsed, stripBom(text), file);
  const raw = problems.length === 0 && isFields(parsed.value) ? parsed.value : {};
  const filled = interpolate(raw, lookup);
  return {
    file,
    exists: true,
    hash: hashText(text),
    value: isFields(filled.value) ? filled.value : {},
    raw,
    problems,
    unresolved: filled.unresolved,
    locate: (path, part) => parsed.locate(path, part),
    textPath: (path) => filled.sourcePath(path),
  };
}

/** The document of a file that does not exist: all defaults. */
export const TEXT_OF_NO_FILE = '{}\n';

/** The revision of a text, as in `ConfigDocument.hash`. */
export function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
