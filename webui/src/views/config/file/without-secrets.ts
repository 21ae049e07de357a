/** What this browser may keep of a text of the configuration file that is not saved. */
import type { KeyPath } from '../../../../../shared/config/key-path.js';
import { COMMENT_MASK, maskLiteral, maskValues, replaceRanges, secretsInComments } from '../../../../../shared/config/masks/mask-text.js';
import { maskOf } from '../../../../../shared/config/secrets.js';

/** Masks that the gateway never makes: its hints begin with `…`, and its numbers at 2. */
const TYPED_VALUE = '{ "$secret": true, "hint": "typed" }';
const TYPED_IN_COMMENT = '"[redacted \u2026 0]"';

const maskTyped = (value: unknown, path: KeyPath): string | undefined =>
  maskOf(value, path) === undefined ? maskLiteral(value, path) : TYPED_VALUE;

/**
 * Returns a text with masks in place of the secrets that were typed into it: no secret is stored for these, so that the gateway refuses
 * to save them. The gateway's own masks stay, and keep their secrets.
 */
export function withoutSecrets(text: string): string {
  const masked = maskValues(text, maskTyped);
  const typed = secretsInComments(masked).filter(({ value }) => value.replace(COMMENT_MASK, '') !== '');
  return replaceRanges(masked, typed, () => TYPED_IN_COMMENT);
}
