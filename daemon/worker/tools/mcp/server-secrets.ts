/** What must not be in errors that people and models see: servers quote what they were given. */
import type { McpServerConfig } from '../../../../shared/config/tools/mcp.js';
import { findSecrets, HIDDEN_SECRET } from '../../../../shared/config/secrets.js';
import { KnownTexts } from '../../../../shared/text/known-texts.js';

/** @returns hides the secrets of a server in a text */
export function secretsIn(settings: McpServerConfig): (text: string) => string {
  const known = new KnownTexts();
  for (const secret of findSecrets(settings)) known.add(secret);
  return (text) => known.replaceIn(text, () => HIDDEN_SECRET);
}
