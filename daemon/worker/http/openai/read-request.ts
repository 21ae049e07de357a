/** Converts a request of `/v1/chat/completions` to a call of the completion service. */
import type { ChatCompletionRequest } from '../../../../shared/api/openai.js';
import type { CompletionCall, NamedSession } from '../../models/completion-call.js';
import type { CompletionMessage, CompletionPart, CompletionSettings, CompletionTool } from '../../providers/completion.js';
import { CUSTOM_PARAMETERS, customArguments, customDescription } from '../../models/custom-tools.js';
import { extraFields, functionTool, jsonFormat } from '../../models/given-settings.js';
import { checkTools, refuse, STORED_FILE } from '../../models/refusals.js';
import { givenFields } from '../../../../shared/fields.js';

type RequestMessage = ChatCompletionRequest['messages'][number];
type TextPart = { readonly text: string } | { readonly refusal: string };
type Text = string | readonly TextPart[];

const PDF = 'application/pdf';

/** Fields that are part of the call, or that only concern the format of the answer. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'parallel_tool_calls',
  'tools',
  'tool_choice',
  'temperature',
  'top_p',
  'max_tokens',
  'stop',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'n',
  'logprobs',
  'functions',
  'function_call',
]);

const wordsOf = (part: TextPart): string => ('text' in part ? part.text : part.refusal);
const textOf = (content: Text): string => (typeof content === 'string' ? content : content.map(wordsOf).join(''));

type UserContent = Extract<RequestMessage, { role: 'user' }>['content'];

function partOf(part: Exclude<UserContent, string>[number], field: string): CompletionPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'image_url':
      return { type: 'image', url: part.image_url.url, ...givenFields({ detail: part.image_url.detail }) };
    case 'input_audio': {
      const mediaType = `audio/${part.input_audio.format}`;
      return { type: 'file', mediaType, url: `data:${mediaType};base64,${part.input_audio.data}`, field };
    }
    case 'file': {
      const { file_data: data, file_id: id, filename } = part.file;
      const mediaType = /^data:([^;,]+)/.exec(data ?? '')?.[1] ?? PDF;
      const inline = data?.startsWith('data:') === false ? `data:${PDF};base64,${data}` : data;
      return { type: 'file', mediaType, url: inline ?? `${STORED_FILE}${id}`, field, ...givenFields({ name: filename }) };
    }
  }
}

function partsOf(content: UserContent, field: string): CompletionPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part, index) => partOf(part, `${field}.content.${index}`));
}

/** Whether a value has fields that are not read here. */
function hasMore(value: unknown, known: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).some((key) => !known.includes(key));
}

/** Only the provider may read these. */
const isWhole = (part: unknown): boolean => ['file', 'input_audio'].includes((part as { type: string }).type);

const partHasMore = (part: unknown): boolean =>
  isWhole(part) || hasMore(part, ['type', 'text', 'image_url']) || hasMore((part as { image_url?: unknown }).image_url, ['url']);

/** Returns the fields of a message that are not read here, for providers of the same API. */
function moreOf(message: RequestMessage): Pick<CompletionMessage, 'vendor'> {
  const { role: _role, content, ...fields } = message;
  const { tool_calls: calls, tool_call_id: _id, refusal: _refusal, ...others } = fields as Record<string, unknown>;
  const more = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== null && value !== undefined));
  if (Array.isArray(content) && content.some(partHasMore)) more['content'] = content;
  if (Array.isArray(calls) && calls.some((call) => hasMore(call, ['id', 'type', 'function', 'custom']))) more['tool_calls'] = calls;
  return Object.keys(more).length === 0 ? {} : { vendor: { openaiCompatible: more } };
}

type RequestCall = NonNullable<Extract<RequestMessage, { role: 'assistant' }>['tool_calls']>[number];

function readCall(call: RequestCall): { id: string; name: string; arguments: string } {
  if (call.type === 'function') return { id: call.id, name: call.function.name, arguments: call.function.arguments };
  return { id: call.id, name: call.custom.name, arguments: customArguments(call.custom.input) };
}

/** @throws INVALID_REQUEST for a tool result without an earlier call */
function readMessages(messages: readonly RequestMessage[]): CompletionMessage[] {
  const toolNames = new Map<string, string>();
  return messages.map((message, index): CompletionMessage => {
    switch (message.role) {
      case 'system':
      case 'developer':
        return { role: 'system', content: textOf(message.content), ...moreOf(message) };
      case 'user':
        return { role: 'user', content: partsOf(message.content, `messages.${index}`), ...moreOf(message) };
      case 'assistant': {
        const calls = (message.tool_calls ?? []).map(readCall);
        for (const { id, name } of calls) toolNames.set(id, name);
        // Only OpenAI has a field for refusals; for other providers they are ordinary text of the model.
        const texts = [textOf(message.content ?? ''), message.refusal ?? ''].map((text) => ({ type: 'text' as const, text }));
        const content = [...texts, ...calls.map((call) => ({ type: 'toolCall' as const, ...call }))];
        return { role: 'assistant', content, ...moreOf(message) };
      }
      case 'tool': {
        const name = toolNames.get(message.tool_call_id);
        if (name === undefined)
          throw refuse(
            `messages.${index}.tool_call_id`,
            `No earlier message calls a tool with the id '${message.tool_call_id.slice(0, 80)}'.`,
          );
        const content = [{ type: 'text' as const, text: textOf(message.content) }];
        return { role: 'tool', callId: message.tool_call_id, name, content, ...moreOf(message) };
      }
    }
  });
}

type RequestTool = NonNullable<ChatCompletionRequest['tools']>[number];

/** Returns the names of the tools whose input is a text. */
export const customNames = ({ tools }: Pick<ChatCompletionRequest, 'tools'>): ReadonlySet<string> =>
  new Set((tools ?? []).flatMap((tool) => (tool.type === 'custom' ? [tool.custom.name] : [])));

function readTool(tool: RequestTool): CompletionTool {
  if (tool.type === 'custom') return { name: tool.custom.name, parameters: CUSTOM_PARAMETERS, ...customDescription(tool.custom) };
  return functionTool(tool.function);
}

function readChoice(choice: ChatCompletionRequest['tool_choice']): CompletionSettings['toolChoice'] {
  if (typeof choice !== 'object' || choice === null) return choice ?? undefined;
  return { name: choice.type === 'custom' ? choice.custom.name : choice.function.name };
}

function readFormat(format: ChatCompletionRequest['response_format']): CompletionSettings['responseFormat'] {
  if (format === null || format === undefined || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json' };
  return jsonFormat(format.json_schema);
}

/** @throws INVALID_REQUEST for a tool choice without that tool, and the errors of {@link readMessages} */
export function readCompletionCall(
  body: ChatCompletionRequest,
  session: NamedSession | undefined,
  idempotency: CompletionCall['idempotency'],
): CompletionCall {
  const { tool_choice: choice, tools, stop } = body;
  const toolChoice = readChoice(choice);
  const read = tools?.map(readTool);
  checkTools(read, toolChoice);
  return {
    model: body.model,
    messages: readMessages(body.messages),
    extra: { api: 'chat-completions', fields: extraFields(body, OWN_FIELDS) },
    ...givenFields({
      session,
      idempotency,
      tools: read,
      toolChoice: tools === null || tools === undefined ? undefined : toolChoice,
      parallelToolCalls: body.parallel_tool_calls,
      temperature: body.temperature,
      topP: body.top_p,
      maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
      stop: stop === null || stop === undefined || stop.length === 0 ? undefined : [stop].flat(),
      seed: body.seed,
      presencePenalty: body.presence_penalty,
      frequencyPenalty: body.frequency_penalty,
      responseFormat: readFormat(body.response_format),
    }),
  };
}
