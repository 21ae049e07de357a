/** What the gateway says of its own, in the page's language. Its answers have the English text. */
import { type Coded, fillText, isCoded, type Said } from '../../../../shared/text/fill-text.js';
import { language } from '../../i18n/language.js';
import { reasonTemplate } from '../../i18n/reasons.js';

function valueText(value: unknown): string | number {
  if (isCoded(value)) return reasonText({ message: value.code, ...value });
  return typeof value === 'number' ? value : String(value);
}

/** Without a translation for the code, it is the text of the answer. */
export function reasonText({ message, code = '', values = {} }: Said): string {
  const text = code === '' ? undefined : reasonTemplate(code);
  if (text === undefined) return message;
  const shown = Object.entries(values).map(([name, value]) => [name, valueText(value)] as const);
  return fillText(text, Object.fromEntries(shown), (value) => value.toLocaleString(language.value));
}

/** The texts in the values of a reason, names of the user's among them. */
const textsIn = (values: Coded['values'] = {}): string[] =>
  Object.values(values).flatMap((value) => (isCoded(value) ? textsIn(value.values) : [String(value)]));

/** Begins an English text with a capital letter, unless its first word is a name or a key. The gateway's reasons are phrases for the command line. */
export function sentence(text: string, values?: Coded['values']): string {
  const isName = textsIn(values).some((value) => value !== '' && text.startsWith(value));
  if (isName || language.value !== 'en' || !/^[a-z]+[ ,:]/.test(text) || text.startsWith('xopc ')) return text;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Returns a text that an answer has under another name than `message`, in the page's language. */
export function whyText(text: string, why: Pick<Said, 'code' | 'values'> | undefined): string {
  // What others said may begin with any name.
  return why === undefined ? text : sentence(reasonText({ message: text, ...why }), why.values);
}

type Details = Readonly<Record<string, unknown>>;

/** Returns the message of an error in the page's language, as far as its details have codes. */
export function refusalText(message: string, details: Details): string {
  const { issues = [], code, values } = details as Partial<Said> & { issues?: readonly (Said & { path: string })[] };
  if (issues.length > 0 && issues.every((issue) => reasonTemplate(issue.code ?? '') !== undefined))
    return issues.map((issue) => [issue.path, reasonText(issue)].filter(Boolean).join('：')).join('；');
  const text = reasonText({ message, code, values });
  // About a field. Other errors may begin with the name of a provider.
  return code === undefined && details['field'] === undefined && details['param'] === undefined ? text : sentence(text, values);
}
