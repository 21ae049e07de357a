/** The gateway's problems with the edited settings, by the field where they are shown. */
import { isCoded } from '../../../../../shared/text/fill-text.js';
import { reasonText, sentence } from '../../../components/feedback/reason-text.js';
import type { Problem } from '../config-api.js';
import { t } from '../text.js';
import { type Field, valueOf } from './schema-fields.js';

/** By key of the field. */
export type Faults = ReadonlyMap<string, string>;

/** Returns whether a key of the file is in the value of the field: an element of a list, a part of an object. */
const isWithin = (key: string, field: Field): boolean =>
  key === field.key || (key.startsWith(field.key) && /^[.[]/.test(key.slice(field.key.length)));

/** Returns the range of a number if the typed text is outside it: shown while it is typed, before the gateway has checked it. */
export function numberFault({ kind, schema }: Field, draft: string | null): string | undefined {
  const { minimum: from, maximum: to, type } = schema.anyOf?.find((part) => part.type !== 'null') ?? schema;
  if (kind !== 'number' || draft === null || draft === '' || draft.includes('${') || from === undefined || to === undefined)
    return undefined;
  const value = valueOf(kind, draft);
  const isWhole = type === 'integer';
  const isRight = typeof value === 'number' && value >= from && value <= to && (!isWhole || Number.isInteger(value));
  return isRight ? undefined : t(isWhole ? 'wholeNumber' : 'anyNumber', { from, to });
}

/** Returns a reason without the value, which the control shows. */
function withoutValue(said: Problem): string {
  const text = reasonText(said);
  const given = said.values?.['shown'];
  const value = isCoded(given) ? reasonText({ message: `is ${String(given.values['value'])}`, ...given }) : '';
  return value !== '' && text.startsWith(value) ? text.slice(value.length).replace(/^[;；]\s*(?:it )?/, '') : text;
}

/** @returns `others`: messages about what no field shows */
export function faultsOf(
  problems: readonly Problem[],
  fields: readonly Field[],
): { readonly byKey: Faults; readonly others: readonly string[] } {
  const byKey = new Map<string, string>();
  const others: string[] = [];
  for (const said of problems) {
    const { key = '' } = said;
    const field = fields.find((candidate) => isWithin(key, candidate));
    if (field === undefined) others.push(`${key} ${reasonText(said)}`.trim());
    else byKey.set(field.key, [byKey.get(field.key), sentence(withoutValue(said))].filter(Boolean).join('; '));
  }
  return { byKey, others };
}
