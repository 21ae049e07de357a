/** Texts with placeholders for values. */

/** A code that stands for a text, and the values in it, some of which may be coded texts themselves. */
export interface Coded {
  readonly code: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A text of an answer, with its code if the gateway has one. */
export interface Said {
  readonly message: string;
  readonly code?: string | undefined;
  readonly values?: Coded['values'] | undefined;
}

export const isCoded = (value: unknown): value is Coded =>
  typeof value === 'object' && value !== null && 'code' in value && 'values' in value && typeof value.code === 'string';

/** Fills in values: `{name}` is the value, `{count:message|messages}` chooses by the number. @param show  formats a number */
export function fillText(
  text: string,
  values: Readonly<Record<string, string | number>>,
  show: (value: number) => string = String,
): string {
  return text.replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (...match: (string | undefined)[]) => {
    const [, name = '', one, other] = match;
    const value = values[name] ?? '';
    if (one === undefined) return typeof value === 'number' ? show(value) : value;
    return value === 1 ? one : (other ?? '');
  });
}

/** Returns a function that fills values into a text of the table. */
export function sayFrom<Code extends string>(texts: Readonly<Record<Code, string>>) {
  return (code: Code, values: Readonly<Record<string, string | number>> = {}): string => fillText(texts[code], values);
}
