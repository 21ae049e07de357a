/** Refuses requests for features that a provider does not have, before any provider is called, instead of ignoring them. */
import { GatewayError } from '../../../shared/errors.js';
import { definedFields } from '../../../shared/fields.js';
import type { CompletionMessage, CompletionSettings } from '../providers/completion.js';
import type { ResolvedModel } from '../providers/registry.js';
import type { CompletionCall } from './completion-call.js';

/** The refusal of a field. */
export const refuse = (param: string, message: string, hint?: string): GatewayError =>
  new GatewayError('INVALID_REQUEST', { message, details: { param }, ...definedFields({ hint }) });

type CallerApi = NonNullable<CompletionCall['extra']>['api'];
type Setting = 'input' | 'instructions' | 'stop' | 'format' | 'reasoning';

const NAMES: Readonly<Record<CallerApi, Readonly<Record<Setting, string>>>> = {
  'chat-completions': {
    input: 'messages',
    instructions: 'messages',
    stop: 'stop',
    format: 'response_format',
    reasoning: 'reasoning_effort',
  },
  messages: { input: 'messages', instructions: 'system', stop: 'stop_sequences', format: 'output_config.format', reasoning: 'thinking' },
  responses: { input: 'input', instructions: 'instructions', stop: 'stop', format: 'text.format', reasoning: 'reasoning' },
};

/** Returns the names of settings in the caller's API. */
export const settingNames = ({ extra }: Pick<CompletionCall, 'extra'>): Readonly<Record<Setting, string>> =>
  NAMES[extra?.api ?? 'chat-completions'];

type Model = Pick<ResolvedModel, 'ref' | 'api' | 'reasons'>;

const refuseField = (param: string, message: string, hint: string): GatewayError => refuse(param, `'${param}' ${message}`, hint);

/** @throws INVALID_REQUEST for two tools of one name, and for a tool choice that names a missing tool or requires one without any tools */
export function checkTools(tools: CompletionSettings['tools'] = [], choice?: CompletionSettings['toolChoice']): void {
  const names = tools.map(({ name }) => name);
  const repeated = names.findIndex((name, index) => names.indexOf(name) < index);
  if (repeated >= 0)
    throw refuse(`tools.${repeated}`, `tools.${repeated} has the name of an earlier tool, '${names[repeated]}'`, 'Give it another name.');
  if (choice === 'required' && tools.length === 0) throw refuse('tool_choice', 'tool_choice requires a tool call, but there are no tools.');
  if (typeof choice === 'object' && !tools.some(({ name }) => name === choice.name))
    throw refuse('tool_choice', `tool_choice names '${choice.name.slice(0, 80)}', which is not one of the tools.`);
}

type FilePart = Extract<Extract<CompletionMessage, { role: 'user' }>['content'][number], { type: 'file' }>;

function filesOf(messages: readonly CompletionMessage[]): FilePart[] {
  return messages.flatMap((message) =>
    message.role === 'user' || message.role === 'tool' ? message.content.flatMap((part) => (part.type === 'file' ? [part] : [])) : [],
  );
}

/** Prefix of the URL of a file stored at a vendor, followed by its id. */
export const STORED_FILE = 'stored-file:';

/** Only these providers fetch a document themselves; the gateway never does. */
const FETCHES: ReadonlySet<Model['api']> = new Set<Model['api']>(['anthropic-messages', 'openai-responses', 'google-generative-ai']);
const DOCUMENTS_ONLY: ReadonlySet<Model['api']> = new Set<Model['api']>(['anthropic-messages', 'openai-responses']);
const HEARS: ReadonlySet<Model['api']> = new Set<Model['api']>(['openai-completions', 'google-generative-ai']);

function refuseFilePart({ field, url, mediaType }: FilePart, { ref, api }: Model): GatewayError | undefined {
  if (url.startsWith(STORED_FILE))
    return refuseField(field, `names a file that the provider of '${ref}' does not store`, 'Send its content.');
  if (mediaType.startsWith('audio/') && !HEARS.has(api))
    return refuseField(field, `is audio, which the provider of '${ref}' does not take`, 'Send text.');
  if (DOCUMENTS_ONLY.has(api) && !/^(?:text\/.*|application\/pdf)$/.test(mediaType))
    return refuseField(field, `is ${mediaType}, which the provider of '${ref}' does not take`, 'Send a PDF, or text.');
  if (url.startsWith('data:') || FETCHES.has(api)) return undefined;
  return refuseField(
    field,
    `names a document by its URL, which the provider of '${ref}' does not fetch`,
    'Send the document itself, as base64.',
  );
}

function refuseFile({ messages, extra }: CompletionCall, model: Model): GatewayError | undefined {
  // A provider of the same API gets them unchanged, and itself reports what it does not support.
  if (model.api === 'openai-completions' && extra?.api === 'chat-completions') return undefined;
  for (const file of filesOf(messages)) {
    const refusal = refuseFilePart(file, model);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refuseReasoning({ reasoning }: CompletionCall, { ref, api, reasons }: Model): GatewayError | undefined {
  const isAsked = typeof reasoning?.budgetTokens === 'number' && api !== 'anthropic-messages' && reasons !== true;
  if (!isAsked) return undefined;
  return refuseField(
    'thinking',
    `cannot be enabled: '${ref}' is not known to reason`,
    'Leave it out, or set "reasoning": true for the model in models.json.',
  );
}

/** OpenAI's Responses API has neither field. */
function refuseSetting(call: CompletionCall, { ref, api }: Model): GatewayError | undefined {
  if (api !== 'openai-responses') return undefined;
  const field = call.topK !== undefined ? 'top_k' : call.stop !== undefined ? settingNames(call).stop : undefined;
  if (field === undefined) return undefined;
  return refuseField(field, `is not supported by the provider of '${ref}'`, 'Leave it out.');
}

/** Returns the refusal of a call that a model's provider cannot carry out as given. */
export function refusalOf(call: CompletionCall, model: Model): GatewayError | undefined {
  return refuseReasoning(call, model) ?? refuseFile(call, model) ?? refuseSetting(call, model);
}
