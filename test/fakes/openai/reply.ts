/** What the fake server is told to answer, one reply per request. */

export interface ToolCall {
  readonly name: string;
  readonly input: object;
}

export interface TextReply {
  readonly type: 'text';
  /** Each part is one chunk of a stream. */
  readonly parts: readonly string[];
  /** Waited for before the part of that index is sent: how a test holds an answer in the middle. */
  readonly gate?: { readonly before: number; readonly until: Promise<unknown> };
  /** Between two parts, for tests that need an answer to take time. */
  readonly delayMs?: number;
  /** Calls of tools after the text, in a stream. */
  readonly calls?: readonly ToolCall[];
  /** `null`: the stream ends without one. Default `stop`. */
  readonly finishReason?: 'stop' | 'length' | 'content_filter' | 'model_length' | 'insufficient_system_resource' | null;
}

/** Any HTTP answer in place of a completion. */
export interface StatusReply {
  readonly type: 'status';
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A stream that goes wrong after its first parts. */
export interface BrokenReply {
  readonly type: 'broken';
  readonly parts: readonly string[];
  /** `cut`: the connection breaks; `error`: an error object in the stream; `garbage`: one chunk is no JSON, then it ends well. */
  readonly how: 'cut' | 'error' | 'garbage';
  readonly error?: Readonly<Record<string, unknown>>;
}

export type Reply = TextReply | StatusReply | BrokenReply;

export function says(...parts: string[]): TextReply {
  return { type: 'text', parts };
}

export function toolCallsOf(calls: readonly ToolCall[]): object[] {
  return calls.map(({ name, input }, index) => ({
    index,
    id: `call_${index}`,
    type: 'function',
    function: { name, arguments: JSON.stringify(input) },
  }));
}

/** Calls of tools, in one chunk of a stream. */
export function callsTools(...calls: ToolCall[]): StatusReply {
  const toolCalls = toolCallsOf(calls);
  const chunk = (delta: object, reason: string | null) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
  const body = `${chunk({ role: 'assistant', tool_calls: toolCalls }, null)}${chunk({}, 'tool_calls')}data: [DONE]\n\n`;
  return { type: 'status', status: 200, headers: { 'content-type': 'text/event-stream' }, body };
}

/** An error as OpenAI's API gives it. */
export function apiError(
  status: number,
  error: { message: string; type?: string; code?: string | null },
  headers: Record<string, string> = {},
): StatusReply {
  const body = JSON.stringify({ error: { param: null, type: 'invalid_request_error', code: null, ...error } });
  return { type: 'status', status, headers: { 'content-type': 'application/json', ...headers }, body };
}

export const unauthorized = (key = 'sk-wrong'): StatusReply =>
  apiError(401, { message: `Incorrect API key provided: ${key}.`, code: 'invalid_api_key' });

export const rateLimited = (retryAfter?: string): StatusReply =>
  apiError(
    429,
    { message: 'Rate limit reached for requests', type: 'requests', code: 'rate_limit_exceeded' },
    retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  );

export const outOfCredit = (): StatusReply =>
  apiError(429, { message: 'You exceeded your current quota.', type: 'insufficient_quota', code: 'insufficient_quota' });

export const overloaded = (status = 503): StatusReply => apiError(status, { message: 'The server is overloaded', type: 'server_error' });

/** What a proxy in between answers. */
export function htmlPage(status: number, title: string): StatusReply {
  const body = `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1><hr>nginx</body></html>\n`;
  return { type: 'status', status, headers: { 'content-type': 'text/html' }, body };
}
