/** Secrets that people and models must not see, because servers may quote their settings. */
import type { McpServerConfig } from '../../../../shared/config/tools/mcp.js';
import { findSecrets, HIDDEN_SECRET } from '../../../../shared/config/secrets.js';
import { redactShapes } from '../../../../shared/node/secrets/redact-shapes.js';
import { KnownTexts } from '../../../../shared/text/known-texts.js';

/**
 * Matches the name of a variable or header. Broader than `isSecretName`, because programs choose their own names and hiding too
 * much costs little.
 */
const SECRET_NAME = /key|token|secret|pass|pwd|pat$|auth|cred|cookie/i;

export interface ServerSecrets {
  /** Hides every value of `env` and `headers`, and the other secrets. */
  inErrors(text: string): string;
  /** Keeps values that are not secret by name or shape, such as a directory, because a model may need them. */
  inResults(text: string): string;
}

function onlySecret(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const isHidden = ([name, value]: [string, string]): boolean => SECRET_NAME.test(name) || redactShapes(value) !== value;
  return Object.fromEntries(Object.entries(values).filter(isHidden));
}

function hiding(settings: Pick<McpServerConfig, 'env' | 'headers'>): (text: string) => string {
  const known = new KnownTexts();
  for (const secret of findSecrets(settings)) {
    known.add(secret);
    known.add(JSON.stringify(secret).slice(1, -1)); // as it is in JSON
  }
  return (text) => known.replaceIn(text, () => HIDDEN_SECRET);
}

export function secretsIn(settings: McpServerConfig): ServerSecrets {
  const { env, headers } = settings;
  return { inErrors: hiding(settings), inResults: hiding({ ...settings, env: onlySecret(env), headers: onlySecret(headers) }) };
}
