/** Checks header values: a key that was copied with a line break, or in its masked form, cannot be sent. */

/** RFC 9110, section 5.5. White space around a value is not part of it. */
export function isHeaderValue(value: string): boolean {
  return /^[\t\u0020-\u007E\u0080-\u00FF]*$/.test(value.trim());
}

/** A phrase that follows the name of the value. */
export const UNSENDABLE = 'has a character that cannot be sent, such as a line break or “…”; copy it again';
