/** Converts the messages of a stateless call to the AI SDK's form. Part of the vendor bundle. */
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import type { CompletionAnswerPart, CompletionMessage, CompletionPart, CompletionToolCall, VendorData } from '../completion.js';
import type { Fields } from '../../../../shared/fields.js';
import { readExactObject } from '../../../../shared/node/exact-json.js';
import type { CallNotes } from './call-notes.js';
import type { SdkCallOptions, SdkMessage } from './sdk-call.js';
import { sentId } from './vendors/call-ids.js';
import type { Differences } from './vendors/differences.js';

type UserPart = Extract<SdkMessage, { role: 'user' }>['content'][number];
type AssistantPart = Extract<SdkMessage, { role: 'assistant' }>['content'][number];
type ToolOutput = Extract<Extract<SdkMessage, { role: 'tool' }>['content'][number], { type: 'tool-result' }>['output'];
type ResultPart = Extract<ToolOutput, { type: 'content' }>['value'][number];
type VendorOptions = Pick<SdkCallOptions, 'providerOptions'>;
type Message<Role extends CompletionMessage['role']> = Extract<CompletionMessage, { role: Role }>;

export interface PromptTarget {
  readonly api: ApiKind;
  /** The caller wrote its messages for the same API: their order and number are its own. */
  readonly isSameApi: boolean;
  readonly notes: CallNotes;
  readonly differences: Differences;
}

/** Whether an API supports images in tool results; otherwise they follow in a user message. */
const hasPicturesInResults = (api: ApiKind): boolean => api !== 'openai-completions';

/** Google's API does not accept image URLs there. */
const takesInResults = (api: ApiKind, files: readonly { readonly url: string }[]): boolean =>
  hasPicturesInResults(api) && (api !== 'google-generative-ai' || files.every(({ url }) => url.startsWith('data:')));

/** Introduces the files that follow the results, with the call that they belong to. */
const filesLine = ({ name, callId }: { readonly name: string; readonly callId: string }, { callIds }: Differences): string =>
  `Files of the result of '${name}' (call ${sentId(callId, callIds)}):`;

/** APIs whose servers refuse an instruction after the first message: Google's, and the templates of many local models. */
const TAKES_INSTRUCTIONS_FIRST: ReadonlySet<ApiKind> = new Set<ApiKind>(['google-generative-ai', 'openai-completions']);

export function optionsOf(vendor: VendorData | undefined): VendorOptions {
  return vendor === undefined ? {} : { providerOptions: vendor as NonNullable<SdkCallOptions['providerOptions']> };
}

type FilePart = Extract<CompletionPart, { type: 'file' }>;

interface Inline {
  readonly mediaType: string;
  readonly data: string;
}

/** Returns the content of a `data:` URL. */
function inlineOf(url: string): Inline | undefined {
  const [, mediaType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? [];
  return mediaType === undefined || data === undefined ? undefined : { mediaType, data };
}

/** Only Anthropic knows documents that are text, and only plain text. */
const isWords = ({ mediaType }: FilePart, api: ApiKind): boolean =>
  mediaType.startsWith('text/') && (api !== 'anthropic-messages' || mediaType !== 'text/plain');

/** Returns a text document as plain text, for APIs without text documents. */
function wordsOf({ url, name }: FilePart): string {
  const text = Buffer.from(inlineOf(url)?.data ?? '', 'base64').toString();
  return name === undefined ? text : `${name}\n\n${text}`;
}

/** Returns the options of a part, and the detail of an image if the API supports it. */
function partOptions(part: CompletionPart, api: ApiKind): VendorOptions {
  if (part.type !== 'image' || part.detail === undefined) return optionsOf(part.vendor);
  const { url, detail } = part;
  const own = api === 'openai-completions' ? { openaiCompatible: { image_url: { url, detail } } } : { openai: { imageDetail: detail } };
  return optionsOf({ ...part.vendor, ...own });
}

function toPart(part: CompletionPart, api: ApiKind): UserPart {
  const options = partOptions(part, api);
  if (part.type === 'file' && isWords(part, api)) return { type: 'text', text: wordsOf(part) };
  if (part.type === 'text') return { type: 'text', text: part.text, ...options };
  const { mediaType, data } = inlineOf(part.url) ?? {
    mediaType: part.type === 'file' ? part.mediaType : 'image/*',
    data: new URL(part.url),
  };
  const name = part.type === 'file' && part.name !== undefined ? { filename: part.name } : {};
  return { type: 'file', mediaType, data, ...name, ...options };
}

/** The SDK turns a single text into a string, and only reads the fields of the part. */
function toUserMessage({ content, vendor }: Message<'user'>, { api, isSameApi }: PromptTarget): SdkMessage {
  const [first] = content;
  // The caller's original content replaces this one.
  if (isSameApi && vendor?.['openaiCompatible']?.['content'] !== undefined)
    return { role: 'user', content: [{ type: 'text', text: '', ...optionsOf(vendor) }] };
  if (content.length === 1 && first?.type === 'text' && vendor !== undefined)
    return { role: 'user', content: [toPart({ ...first, vendor: { ...first.vendor, ...vendor } }, api)] };
  return { role: 'user', content: content.map((part) => toPart(part, api)), ...optionsOf(vendor) };
}

/** The arguments of a call as the model wrote them. For a call without arguments it may write nothing. */
export const writtenArguments = ({ arguments: text }: CompletionToolCall): string => (text === '' ? '{}' : text);

/**
 * Arguments that are not an object, or are nested too deep, are wrapped in one, except for a provider of the caller's API, which gets the
 * original.
 */
function toCallPart(call: CompletionToolCall, { api, isSameApi, notes }: PromptTarget): AssistantPart {
  const { id, name } = call;
  const written = writtenArguments(call);
  const input = readExactObject(written);
  const wrapped = { text: written };
  const options = call.vendor ?? notes.of(id);
  const part = { type: 'tool-call' as const, toolCallId: id, toolName: name };
  if (!api.startsWith('openai-')) return { ...part, input: input ?? wrapped, ...optionsOf(options) };
  const text = isSameApi || input !== undefined ? written : JSON.stringify(wrapped);
  // The SDK leaves a text unchanged only if it is JSON.
  const exact = api === 'openai-completions' ? { openaiCompatible: { function: { name, arguments: text } } } : {};
  return { ...part, input: text, ...optionsOf({ ...options, ...exact }) };
}

/** Whether a provider can use reasoning of an earlier answer. `isOfTurn`: no user message came after it. */
function goesBack(api: ApiKind, vendor: VendorData | undefined, isOfTurn: boolean): boolean {
  // Servers without signatures require the reasoning back while the model calls tools:
  // https://api-docs.deepseek.com/guides/thinking_mode.
  if (api === 'openai-completions') return isOfTurn;
  return api === 'google-generative-ai' ? vendor?.['google'] !== undefined : true;
}

function toAnswerPart(part: CompletionAnswerPart, target: PromptTarget, isOfTurn: boolean): AssistantPart[] {
  const { api } = target;
  if (part.type === 'text') return part.text === '' ? [] : [{ type: 'text', text: part.text, ...optionsOf(part.vendor) }];
  if (part.type === 'reasoning')
    return goesBack(api, part.vendor, isOfTurn) ? [{ type: 'reasoning', text: part.text, ...optionsOf(part.vendor) }] : [];
  return [toCallPart(part, target)];
}

/** Data that the caller could not carry is sent back with its message; the caller's own data takes precedence. */
function vendorOf({ content, vendor }: Message<'assistant'>, notes: CallNotes): VendorData | undefined {
  const call = content.find((part) => part.type === 'toolCall');
  const noted = call && notes.ofMessage(call.id);
  return noted === undefined ? vendor : { ...vendor, openaiCompatible: { ...noted['openaiCompatible'], ...vendor?.['openaiCompatible'] } };
}

function toResultPart(part: CompletionPart, api: ApiKind): ResultPart {
  const options = partOptions(part, api);
  if (part.type === 'text') {
    const isReference = api === 'anthropic-messages' && part.vendor?.['anthropic']?.['type'] === 'tool-reference';
    return isReference ? { type: 'custom', ...options } : { type: 'text', text: part.text, ...options };
  }
  const inline = inlineOf(part.url);
  if (inline === undefined) return { type: part.type === 'file' ? 'file-url' : 'image-url', url: part.url, ...options };
  return { type: part.type === 'file' ? 'file-data' : 'image-data', ...inline, ...options };
}

const textOf = (content: readonly CompletionPart[]): string =>
  content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');

/** A text document becomes plain text in every result. */
const withoutTextFiles = (content: readonly CompletionPart[]): CompletionPart[] =>
  content.map((part) => (part.type === 'file' && part.mediaType === 'text/plain' ? { type: 'text', text: wordsOf(part) } : part));

/** Whether a result fits the form in which the SDK marks failures of Anthropic's tools. */
export const isOneText = (content: readonly CompletionPart[]): boolean =>
  content.length < 2 && content.every(({ type, vendor }) => type === 'text' && vendor === undefined);

function toOutput({ content, isError = false }: Message<'tool'>, api: ApiKind): ToolOutput {
  const parts = withoutTextFiles(content);
  const text = textOf(parts);
  if (api === 'anthropic-messages')
    return isOneText(parts)
      ? { type: isError ? 'error-text' : 'text', value: text }
      : { type: 'content', value: parts.map((part) => toResultPart(part, api)) };
  // Other APIs have no field for failures.
  const failure = isError ? 'Error: ' : '';
  const files = parts.filter((part) => part.type !== 'text');
  if (files.length === 0) return { type: 'text', value: failure + text };
  if (!takesInResults(api, files)) return { type: 'text', value: `${failure}${text}\n(The files of this result follow.)`.trim() };
  return { type: 'content', value: [{ type: 'text', text: failure + text }, ...files.map((part) => toResultPart(part, api))] };
}

/** Adds a result to those of the same step: Google's API refuses results of one step in several messages. */
function addResult(prompt: SdkMessage[], message: Message<'tool'>, api: ApiKind): void {
  const { callId: toolCallId, name: toolName, vendor } = message;
  const result = { type: 'tool-result' as const, toolCallId, toolName, output: toOutput(message, api), ...optionsOf(vendor) };
  const last = prompt.at(-1);
  if (last?.role === 'tool') last.content.push(result);
  else prompt.push({ role: 'tool', content: [result] });
}

/** Returns, as a user message, the parts that an API does not support in a result. */
function filesOf(message: Message<'tool'>, { api, differences }: PromptTarget): UserPart[] {
  const files = withoutTextFiles(message.content).filter((part) => part.type !== 'text');
  return files.length === 0 || takesInResults(api, files)
    ? []
    : [{ type: 'text', text: filesLine(message, differences) }, ...files.map((part) => toPart(part, api))];
}

/** Joins consecutive instructions, because many servers accept only one. */
function joinInstructions(messages: readonly CompletionMessage[]): CompletionMessage[] {
  const joined: CompletionMessage[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (message.role === 'system' && last?.role === 'system')
      joined[joined.length - 1] = { role: 'system', content: `${last.content}\n\n${message.content}` };
    else joined.push(message);
  }
  return joined;
}

/** Returns an instruction as the text of a message of the user. */
export const instructionText = (content: string): string => `<system>\n${content}\n</system>`;

function toSystemMessage({ content, vendor }: Message<'system'>, { api, isSameApi }: PromptTarget, isFirst: boolean): SdkMessage {
  if (isFirst || isSameApi || !TAKES_INSTRUCTIONS_FIRST.has(api)) return { role: 'system', content, ...optionsOf(vendor) };
  return { role: 'user', content: [{ type: 'text', text: instructionText(content) }] };
}

const isBlank = (part: CompletionPart | CompletionAnswerPart): boolean => part.type === 'text' && part.text.trim() === '';

/**
 * Omits texts that are empty or only white space, which Anthropic and Google refuse, and messages that consist only of them. The last message
 * is the question and is kept.
 */
function withoutBlanks(messages: readonly CompletionMessage[]): CompletionMessage[] {
  return messages.flatMap((message, index): CompletionMessage[] => {
    if (message.role === 'system') return message.content.trim() === '' && !changesTools(message) ? [] : [message];
    const content = (message.content as readonly (CompletionPart | CompletionAnswerPart)[]).filter((part) => !isBlank(part));
    const isKept = content.length > 0 || message.role === 'tool';
    return isKept ? [{ ...message, content } as CompletionMessage] : index === messages.length - 1 ? [message] : [];
  });
}

const changesTools = ({ vendor }: Message<'system'>): boolean => vendor?.['anthropic']?.['toolChanges'] !== undefined;

/** Omits reasoning that nothing follows because the answer or a call was cut off; OpenAI and Anthropic refuse it. */
function withoutLooseReasoning(messages: readonly CompletionMessage[]): CompletionMessage[] {
  return messages.flatMap((message): CompletionMessage[] => {
    if (message.role !== 'assistant' || message.content.at(-1)?.type !== 'reasoning') return [message];
    const content = message.content.slice(0, message.content.findLastIndex(({ type }) => type !== 'reasoning') + 1);
    return content.length === 0 ? [] : [{ ...message, content }];
  });
}

/** Returns the schema of a tool's input in a form that every vendor accepts: OpenAI refuses an object without `properties`. */
export const inputSchemaOf = (schema: Fields): Fields =>
  schema['type'] === 'object' && schema['properties'] === undefined ? { ...schema, properties: {} } : schema;

export function toCompletionPrompt(given: readonly CompletionMessage[], target: PromptTarget): SdkMessage[] {
  const { api, isSameApi } = target;
  const said = withoutLooseReasoning(api.startsWith('openai-') ? given : withoutBlanks(given));
  const messages = isSameApi ? said : joinInstructions(said);
  const firstOther = messages.findIndex(({ role }) => role !== 'system');
  const question = messages.findLastIndex(({ role }) => role === 'user');
  const prompt: SdkMessage[] = [];
  const files: UserPart[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.role !== 'tool' && files.length > 0) prompt.push({ role: 'user', content: files.splice(0) });
    if (message.role === 'system') prompt.push(toSystemMessage(message, target, firstOther < 0 || index < firstOther));
    else if (message.role === 'user') prompt.push(toUserMessage(message, target));
    else if (message.role === 'assistant') {
      const content = message.content.flatMap((part) => toAnswerPart(part, target, index > question));
      prompt.push({ role: 'assistant', content, ...optionsOf(vendorOf(message, target.notes)) });
    } else {
      addResult(prompt, message, api);
      files.push(...filesOf(message, target));
    }
  }
  if (files.length > 0) prompt.push({ role: 'user', content: files });
  return prompt;
}
