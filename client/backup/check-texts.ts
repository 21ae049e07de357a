/**
 * Checks the configuration and models.json of a backup. A gateway does not start with an invalid one, but the backup's data is
 * still usable.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigDocument } from '../../shared/config/document.js';
import { validateFiles } from '../../shared/config/validate.js';
import type { Problem } from '../../shared/errors.js';
import { configInvalid, parseConfigText, TEXT_OF_NO_FILE } from '../../shared/node/config/config-text.js';

/** Problems name the file, not its path. */
function readDocument(directory: string, name: 'config.json' | 'models.json'): ConfigDocument {
  const path = join(directory, name);
  const exists = existsSync(path);
  return { ...parseConfigText(exists ? readFileSync(path, 'utf8') : TEXT_OF_NO_FILE, name), exists };
}

/** Returns the problems of the two files in a directory, and of the references between them. */
export function textProblems(directory: string): readonly Problem[] {
  const [config, models] = [readDocument(directory, 'config.json'), readDocument(directory, 'models.json')];
  // A gateway may have variables that this shell does not have.
  const found = validateFiles(config, models, 'unknown');
  return [...found.config.problems, ...found.models.problems, ...found.references];
}

/** The warning about {@link textProblems}, in one sentence and what to do. @param what  happens to the files nevertheless */
export function textWarning(problems: readonly Problem[], what: string): string | undefined {
  if (problems.length === 0) return undefined;
  return `Warning: ${configInvalid('', problems).message}\n  ${what}`;
}
