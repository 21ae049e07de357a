/** Translates the gateway's own texts to the page's language. Its answers have the English text. */
import { fillText, isCoded, type Said } from '../../../../shared/text/fill-text.js';
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

/** Capitalizes an English text, because the gateway's reasons are phrases for the command line. Not for a text that may begin with a name. */
export const sentence = (text: string): string => (/^[a-z]+[ ,:]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text);

/** Returns a text that an answer has under another name than `message`, in the page's language. */
export const whyText = (text: string, why: Pick<Said, 'code' | 'values'> | undefined): string => reasonText({ message: text, ...why });

type Details = Readonly<Record<string, unknown>>;

/** Returns the message of an error in the page's language, as far as its details have codes. */
export function refusalText(message: string, details: Details): string {
  const { issues = [], code, values } = details as Partial<Said> & { issues?: readonly (Said & { path: string })[] };
  if (issues.length > 0 && issues.every((issue) => reasonTemplate(issue.code ?? '') !== undefined))
    return issues.map((issue) => [issue.path, reasonText(issue)].filter(Boolean).join('：')).join('；');
  const text = reasonText({ message, code, values });
  // An error about a field. Other errors may begin with the name of a provider.
  return details['field'] === undefined && details['param'] === undefined ? text : sentence(text);
}
