/** Converts a request of `/v1/messages` to a call of the completion service. */
import type { CountTokensRequest, MessagesRequest } from '../../../../shared/api/anthropic/messages.js';
import type { CompletionCall, NamedSession } from '../../models/completion-call.js';
import { extraFields, functionTool } from '../../models/given-settings.js';
import { checkTools, refuse } from '../../models/refusals.js';
import type {
  CompletionAnswerPart,
  CompletionMessage,
  CompletionPart,
  CompletionSettings,
  VendorData,
} from '../../providers/completion.js';
import { exactJson, isUnsafeInteger, readExactJson } from '../../../../shared/node/exact-json.js';
import { repairTexts } from '../../../../shared/node/json-guard.js';
import { givenFields } from '../../../../shared/fields.js';
import { readSignature } from './signature.js';

type RequestMessage = MessagesRequest['messages'][number];
type Blocks<Role extends RequestMessage['role']> = Exclude<Extract<RequestMessage, { role: Role }>['content'], string>;
type UserBlock = Blocks<'user'>[number];
type ToolResult = Extract<UserBlock, { type: 'tool_result' }>;
type ResultPart = Exclude<NonNullable<ToolResult['content']>, string>[number];
type DocumentBlock = Extract<UserBlock, { type: 'document' }>;

/** Fields that are part of the call, or that only concern the format of the answer. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['model', 'messages', 'system', 'stream', 'tool_choice', 'mcp_servers', 'container']);

/** Headers and the session of a request. */
export interface RequestFacts {
  readonly session: NamedSession | undefined;
  readonly idempotency: CompletionCall['idempotency'];
  /** Names in `anthropic-beta`. */
  readonly betas: readonly string[];
  /** The body as it arrived. */
  readonly source: Buffer;
}

/** Fields that only Anthropic's providers read. */
function forAnthropic(options: object): { vendor?: VendorData } {
  const anthropic = givenFields({ ...options } as Record<string, unknown>);
  return Object.keys(anthropic).length === 0 ? {} : { vendor: { anthropic } };
}

const cacheOf = ({ cache_control: cacheControl }: { readonly cache_control?: object | null | undefined }) => ({ cacheControl });

function documentOf(block: DocumentBlock, field: string): CompletionPart {
  const { source, title, context } = block;
  const url =
    source.type === 'url'
      ? source.url
      : `data:${source.media_type};base64,${source.type === 'text' ? Buffer.from(source.data).toString('base64') : source.data}`;
  return {
    type: 'file',
    url,
    mediaType: source.type === 'text' ? 'text/plain' : 'application/pdf',
    field: `${field}.source`,
    ...givenFields({ name: title }),
    ...forAnthropic({ ...cacheOf(block), context }),
  };
}

function partOf(block: Exclude<UserBlock, ToolResult> | ResultPart, field: string): CompletionPart {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text, ...forAnthropic(cacheOf(block)) };
    case 'image': {
      const { source } = block;
      const url = source.type === 'url' ? source.url : `data:${source.media_type};base64,${source.data}`;
      return { type: 'image', url, ...forAnthropic(cacheOf(block)) };
    }
    case 'document':
      return documentOf(block, field);
    case 'tool_reference': {
      const { tool_name: toolName } = block;
      return { type: 'text', text: `The tool '${toolName}' can be used now.`, ...forAnthropic({ type: 'tool-reference', toolName }) };
    }
  }
}

function resultOf(block: ToolResult, names: ReadonlyMap<string, string>, field: string): CompletionMessage {
  const { tool_use_id: callId, content, is_error: isError } = block;
  const name = names.get(callId);
  if (name === undefined) throw refuse(`${field}.tool_use_id`, `No earlier message calls a tool with the id '${callId.slice(0, 80)}'.`);
  const parts = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : (content ?? []);
  return {
    role: 'tool',
    callId,
    name,
    content: parts.map((part, index) => partOf(part, `${field}.content.${index}`)),
    isError: isError ?? false,
    ...forAnthropic(cacheOf(block)),
  };
}

/** Tool results are separate messages. */
function readUser(content: string | Blocks<'user'>, names: ReadonlyMap<string, string>, field: string): CompletionMessage[] {
  if (typeof content === 'string') return [{ role: 'user', content: [{ type: 'text', text: content }] }];
  const messages: CompletionMessage[] = [];
  const words: CompletionPart[] = [];
  for (const [index, block] of content.entries()) {
    const place = `${field}.content.${index}`;
    if (block.type === 'tool_result') messages.push(resultOf(block, names, place));
    else words.push(partOf(block, place));
  }
  return words.length === 0 ? messages : [...messages, { role: 'user', content: words }];
}

function answerPartOf(block: Blocks<'assistant'>[number]): CompletionAnswerPart {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text, ...forAnthropic(cacheOf(block)) };
    case 'thinking': {
      const { vendor, text = block.thinking } = readSignature(block.signature);
      return { type: 'reasoning', text, ...(vendor === undefined ? {} : { vendor }) };
    }
    case 'redacted_thinking':
      return { type: 'reasoning', text: '', ...forAnthropic({ redactedData: block.data }) };
    case 'tool_use':
      return {
        type: 'toolCall',
        id: block.id,
        name: block.name,
        arguments: exactJson(JSON.stringify(block.input)),
        ...forAnthropic(cacheOf(block)),
      };
  }
}

function readInstructions(content: string | Blocks<'system'>): CompletionMessage[] {
  if (typeof content === 'string') return [{ role: 'system', content }];
  return content.map((block) => {
    if (block.type === 'text') return { role: 'system', content: block.text, ...forAnthropic(cacheOf(block)) };
    return { role: 'system', content: '', ...forAnthropic({ toolChanges: [{ type: block.type, toolName: block.tool.name }] }) };
  });
}

/** @throws INVALID_REQUEST for a tool result without an earlier call */
function readMessages({ system, messages }: CountTokensRequest): CompletionMessage[] {
  const names = new Map<string, string>();
  const instructions = system === null || system === undefined || system === '' ? [] : readInstructions(system);
  const conversation = messages.flatMap((message, index): CompletionMessage[] => {
    if (message.role === 'user') return readUser(message.content, names, `messages.${index}`);
    if (message.role === 'system') return readInstructions(message.content);
    if (typeof message.content === 'string') return [{ role: 'assistant', content: [{ type: 'text', text: message.content }] }];
    for (const block of message.content) if (block.type === 'tool_use') names.set(block.id, block.name);
    return [{ role: 'assistant', content: message.content.map(answerPartOf) }];
  });
  return [...instructions, ...conversation];
}

/** @throws INVALID_REQUEST for a tool choice that names a missing tool */
function readTools({ tools, tool_choice: choice }: CountTokensRequest): CompletionSettings {
  const chosen = choice?.type === 'tool' ? { name: choice.name } : choice?.type === 'any' ? 'required' : choice?.type;
  const read = tools?.map(({ input_schema: parameters, ...tool }) => functionTool({ ...tool, parameters }));
  checkTools(read, chosen);
  if (read === undefined) return {};
  return {
    tools: read,
    ...givenFields({ toolChoice: chosen, parallelToolCalls: choice?.disable_parallel_tool_use === true ? false : undefined }),
  };
}

function readReasoning({ thinking }: CountTokensRequest): CompletionSettings['reasoning'] {
  if (thinking === null || thinking === undefined || thinking.type === 'disabled') return undefined;
  return { budgetTokens: thinking.type === 'enabled' ? thinking.budget_tokens : null };
}

/** @throws the errors of {@link readMessages} and {@link readTools} */
export function readCountCall(body: CountTokensRequest, { betas }: Pick<RequestFacts, 'betas'>): CompletionCall {
  const { model } = body;
  return {
    model,
    messages: readMessages(body),
    ...readTools(body),
    ...givenFields({ reasoning: readReasoning(body) }),
    extra: { api: 'messages', fields: extraFields(body, OWN_FIELDS), betas },
  };
}

function isRounded(value: unknown): boolean {
  return isUnsafeInteger(value) || (typeof value === 'object' && value !== null && Object.values(value).some(isRounded));
}

/** Returns messages with the original inputs of calls in which a number was changed by parsing. */
function withExactInputs({ messages }: MessagesRequest, source: Buffer): RequestMessage[] {
  const blocksOf = ({ content }: RequestMessage): readonly object[] => (typeof content === 'string' ? [] : content);
  if (!messages.some((message) => blocksOf(message).some((block) => 'input' in block && isRounded(block.input)))) return messages;
  const { messages: written } = readExactJson(source.toString()) as MessagesRequest;
  repairTexts(written);
  return messages.map((message, index) => {
    if (message.role !== 'assistant' || typeof message.content === 'string') return message;
    const blocks = blocksOf(written[index] as RequestMessage) as Blocks<'assistant'>;
    const exact = message.content.map((block, at) => (block.type === 'tool_use' ? (blocks[at] as typeof block) : block));
    return { ...message, content: exact };
  });
}

/** @throws the errors of {@link readCountCall} */
export function readMessagesCall(body: MessagesRequest, { session, idempotency, betas, source }: RequestFacts): CompletionCall {
  const { output_config: output, stop_sequences: stop } = body;
  const format = output?.format;
  return {
    ...readCountCall({ ...body, messages: withExactInputs(body, source) }, { betas }),
    maxOutputTokens: body.max_tokens,
    ...givenFields({
      session,
      idempotency,
      temperature: body.temperature,
      topP: body.top_p,
      topK: body.top_k,
      stop: stop === null || stop === undefined || stop.length === 0 ? undefined : stop,
      responseFormat: format === null || format === undefined ? undefined : { type: 'json' as const, schema: format.schema, strict: true },
    }),
  };
}
