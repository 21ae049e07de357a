/** Returns the fields that are not part of a call, for providers of the same API. `null` means that a field was not given. */
export function extraFields(body: object, own: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([key, value]) => !own.has(key) && value !== null && value !== undefined));
}
