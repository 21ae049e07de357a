/**
 * Masks what looks like a secret in the comments of a configuration file, by the same keys as in its values and the same shapes as
 * in the log. A mask such as `[redacted …7890]` stands for one text of this file, wherever the mask appears.
 */
import { commentRanges } from '../../../shared/config/jsonc.js';
import { COMMENT_MASK, replaceRanges, secretsInComments } from '../../../shared/config/masks/mask-text.js';
import { isVariableReference, maskOf } from '../../../shared/config/secrets.js';
import { redactShapes } from '../../../shared/node/secrets/redact-shapes.js';
import type { KnownTexts } from '../../../shared/text/known-texts.js';

/** Returns the end of a secret if it may be shown in a comment. */
function hintOf(secret: string): string {
  const { hint } = maskOf(secret, ['secret']) ?? { hint: '' };
  return /^\u2026[\w-]*$/.test(hint) ? hint : '\u2026';
}

class Masks {
  /** The masked text, by mask. */
  readonly texts = new Map<string, string>();
  readonly #masks = new Map<string, string>();

  /** Returns the mask of a text as it is written in the file. */
  of(text: string): string {
    const known = this.#masks.get(text);
    if (known !== undefined) return known;
    const hint = hintOf(text);
    const plain = `[redacted ${hint}]`;
    const mask = this.texts.has(plain) ? `[redacted ${hint} ${this.texts.size + 1}]` : plain;
    this.texts.set(mask, text);
    this.#masks.set(text, mask);
    return mask;
  }

  /** Masks a secret, parts of which may already be masked. The name of a variable is not a secret. */
  readonly hide = (secret: string): string =>
    secret === '' || isVariableReference(secret) ? secret : this.of(secret.replace(COMMENT_MASK, (mask) => this.texts.get(mask) ?? mask));
}

/** Changes the parts that are not masked yet. */
const betweenMasks = (text: string, change: (part: string) => string): string =>
  text
    .split(new RegExp(`(${COMMENT_MASK.source})`))
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join('');

/**
 * @param text  may be invalid. @param known  secrets, whatever they look like
 * @returns the text, and the texts behind its masks
 */
export function maskComments(text: string, known: KnownTexts): { readonly text: string; readonly hidden: ReadonlyMap<string, string> } {
  const masks = new Masks();
  // Text that only looks like a mask is left unchanged.
  const plain = text.replace(COMMENT_MASK, (mask) => masks.of(mask));
  const withoutSettings = replaceRanges(plain, secretsInComments(plain), (literal) => {
    const [, open = '', secret = '', close = ''] = /^("?)(.*?)("?)$/s.exec(literal) ?? [];
    return open + masks.hide(secret) + close;
  });
  const masked = replaceRanges(withoutSettings, commentRanges(withoutSettings), (comment) => {
    const withoutKnown = betweenMasks(comment, (part) => known.replaceIn(part, masks.hide));
    return betweenMasks(withoutKnown, (part) => redactShapes(part, masks.hide));
  });
  return { text: masked, hidden: masks.texts };
}
