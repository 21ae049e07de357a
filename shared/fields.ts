/** Plain objects of JSON. */

export type Fields = Readonly<Record<string, unknown>>;

/** Whether a value that came from elsewhere is an object with fields, not a list. */
export function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
