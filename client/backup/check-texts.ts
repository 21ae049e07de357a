/**
 * Checks the configuration and models.json of a backup. A gateway does not start with an invalid one, but the backup's data is
 * still usable.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validateConfig, validateModels } from '../../shared/config/validate.js';
import type { Problem } from '../../shared/errors.js';
import { configInvalid, parseConfigText } from '../../shared/node/config/config-text.js';

const TEXTS = [
  { name: 'config.json', validate: validateConfig },
  { name: 'models.json', validate: validateModels },
] as const;

/** Returns the problems of the two files in a directory. */
export function textProblems(directory: string): readonly Problem[] {
  return TEXTS.flatMap(({ name, validate }) => {
    const path = join(directory, name);
    if (!existsSync(path)) return [];
    const document = parseConfigText(readFileSync(path, 'utf8'), name);
    return document.problems.length > 0 ? document.problems : validate(document).problems;
  });
}

/** The warning about {@link textProblems}, in one sentence and what to do. @param what  happens to the files nevertheless */
export function textWarning(problems: readonly Problem[], what: string): string | undefined {
  if (problems.length === 0) return undefined;
  return `Warning: ${configInvalid('', problems).message}\n  ${what}`;
}
