/** The gateway's problems with the edited settings, by the field where they are shown. */
import { reasonText } from '../../../components/feedback/reason-text.js';
import type { Problem } from '../config-api.js';
import type { Field } from './schema-fields.js';

/** By key of the field. */
export type Faults = ReadonlyMap<string, string>;

/** Returns whether a key of the file is in the value of the field: an element of a list, a part of an object. */
const isWithin = (key: string, field: Field): boolean =>
  key === field.key || (key.startsWith(field.key) && /^[.[]/.test(key.slice(field.key.length)));

/** @returns `others`: messages about what no field shows */
export function faultsOf(
  problems: readonly Problem[],
  fields: readonly Field[],
): { readonly byKey: Faults; readonly others: readonly string[] } {
  const byKey = new Map<string, string>();
  const others: string[] = [];
  for (const { key = '', ...said } of problems) {
    const text = reasonText(said);
    const field = fields.find((candidate) => isWithin(key, candidate));
    if (field === undefined) others.push(`${key} ${text}`.trim());
    else byKey.set(field.key, [byKey.get(field.key), text].filter(Boolean).join('; '));
  }
  return { byKey, others };
}
