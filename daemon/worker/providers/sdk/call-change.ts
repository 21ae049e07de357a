/** Fields of a call's request for which the SDK has no option, or another name. Part of the vendor bundle. */
import type { CompletionRequest } from '../completion.js';
import { isOneText, type PromptTarget, writtenArguments } from './completion-prompt.js';
import type { Body, RequestChange } from './own-request.js';

/** Fields that both APIs of OpenAI have. */
const SHARED = ['user', 'service_tier', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'] as const;

/** Returns fields of the Responses API by their names in chat completions. */
export function inChatCompletions(fields: Body): Body {
  const { reasoning, text } = fields as { reasoning?: { effort?: unknown }; text?: { verbosity?: unknown } };
  const named = { reasoning_effort: reasoning?.effort, verbosity: text?.verbosity };
  const shared = SHARED.map((name) => [name, fields[name]] as const);
  return Object.fromEntries([...shared, ...Object.entries(named)].filter(([, value]) => value !== null && value !== undefined));
}

/** Returns the tools with the fields that the caller gave them. */
function withFields(tools: unknown, given: unknown): unknown {
  const own = new Map((Array.isArray(given) ? (given as Body[]) : []).map((tool) => [tool['name'], tool]));
  return Array.isArray(tools) ? (tools as Body[]).map((tool) => ({ ...tool, ...own.get(tool['name']) })) : undefined;
}

/** Marks the results of calls that failed: the SDK does so for texts alone. */
function withFailures(messages: unknown, failed: ReadonlySet<string>): unknown {
  const mark = (block: Body): Body => (failed.has(String(block['tool_use_id'])) ? { ...block, is_error: true } : block);
  const markAll = ({ content, ...message }: Body): Body => ({
    ...message,
    content: Array.isArray(content) ? (content as Body[]).map(mark) : content,
  });
  return failed.size === 0 ? messages : (messages as Body[]).map(markAll);
}

/** Returns the items with the original arguments of calls, because the SDK rewrites arguments that are not JSON. */
function withArguments(items: unknown, messages: CompletionRequest['messages']): unknown {
  const parts = messages.flatMap((message) => (message.role === 'assistant' ? message.content : []));
  const written = parts.flatMap((part) => (part.type === 'toolCall' ? [writtenArguments(part)] : [])).values();
  return (items as Body[]).map((item) => (item['type'] === 'function_call' ? { ...item, arguments: written.next().value } : item));
}

export function changeOf({ messages, extra }: CompletionRequest, { api, isSameApi }: PromptTarget): RequestChange | undefined {
  const own = isSameApi ? (extra?.fields ?? {}) : {};
  if (api === 'openai-responses' && isSameApi)
    return {
      body: (body) => ({
        ...body,
        ...own,
        input: withArguments(body['input'], messages),
        ...('text' in own ? { text: { ...(body['text'] as Body), ...(own['text'] as Body) } } : {}),
      }),
    };
  if (api !== 'anthropic-messages') return undefined;
  const { tools, ...fields } = own;
  const failed = new Set(
    messages.flatMap((message) =>
      message.role === 'tool' && message.isError === true && !isOneText(message.content) ? [message.callId] : [],
    ),
  );
  if (Object.keys(own).length === 0 && failed.size === 0) return undefined;
  return {
    body: (body) => ({
      ...body,
      ...fields,
      messages: withFailures(body['messages'], failed),
      ...(body['tools'] === undefined ? {} : { tools: withFields(body['tools'], tools) }),
    }),
  };
}
