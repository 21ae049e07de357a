/** What OpenAI's and Anthropic's APIs write alike in a request: null, like nothing, stands for a missing value. */
import { givenFields } from '../../../shared/fields.js';
import type { CompletionSettings, CompletionTool } from '../providers/completion.js';

type Given<Type extends { readonly name?: string }> = { readonly name: string } & {
  readonly [Key in Exclude<keyof Type, 'name'>]?: Type[Key] | null | undefined;
};

export function functionTool({ name, description, parameters, strict }: Given<CompletionTool>): CompletionTool {
  return { name, parameters: parameters ?? { type: 'object' }, ...givenFields({ description, strict }) };
}

type Format = NonNullable<CompletionSettings['responseFormat']>;

export function jsonFormat({ name, description, schema, strict }: Given<Omit<Format, 'type'>>): Format {
  return { type: 'json', name, ...givenFields({ description, schema, strict }) };
}

/** Returns the fields that are not part of a call, for providers of the same API. */
export function extraFields(body: object, own: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([key, value]) => !own.has(key) && value !== null && value !== undefined));
}
