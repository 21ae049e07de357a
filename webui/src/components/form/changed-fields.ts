/**
 * Returns the fields of a form that differ from those it started with. Only these are saved, so that what others have changed in the
 * meantime stays.
 */
export function changedFields<Fields extends object>(start: Partial<Fields>, fields: Fields): Partial<Fields> {
  const before: Readonly<Record<string, unknown>> = { ...start };
  const changed = Object.entries(fields).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]));
  return Object.fromEntries(changed) as Partial<Fields>;
}
