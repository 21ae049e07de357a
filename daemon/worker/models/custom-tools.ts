/**
 * OpenAI's custom tools, whose input is a text. Models of every provider get them as functions with one argument. The grammar of
 * the input is described to the model and not enforced.
 */

export interface CustomTool {
  readonly description?: string | null | undefined;
  readonly format?: unknown;
}

export const CUSTOM_PARAMETERS = {
  type: 'object',
  properties: { input: { type: 'string', description: 'The input of the tool, as a text.' } },
  required: ['input'],
  additionalProperties: false,
} as const;

/** Chat completions have the grammar in an object of its own. */
interface Grammar {
  readonly syntax?: unknown;
  readonly definition?: unknown;
  readonly grammar?: Grammar;
}

export function customDescription({ description, format }: CustomTool): { description?: string } {
  const found = (format ?? {}) as Grammar;
  const { syntax, definition } = found.grammar ?? found;
  const rule = typeof definition === 'string' ? `The input must match this grammar (${String(syntax)}):\n${definition}` : '';
  const text = [description ?? '', rule].filter((part) => part !== '').join('\n\n');
  return text === '' ? {} : { description: text };
}

/** Returns the function arguments that represent an input. */
export const customArguments = (input: string): string => JSON.stringify({ input });

/** Returns the input; arguments of another form are the input themselves. */
export function customInput(text: string): string {
  try {
    const { input } = JSON.parse(text) as { input?: unknown };
    return typeof input === 'string' ? input : text;
  } catch {
    return text;
  }
}
