/** Changes the request that an SDK writes. Part of the vendor bundle. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { serverSentEvent } from '../../../../shared/node/server-sent-events.js';
import { exactJson } from '../../../../shared/node/exact-json.js';
import { readStart } from '../read-start.js';
import { fetchStream, MAX_ERROR_BODY_BYTES } from './sdk-fetch.js';
import { UnexpectedTypeError } from './sdk-failure.js';

export type Body = Readonly<Record<string, unknown>>;

export interface RequestChange {
  /** Returns the request to send instead of the SDK's. */
  readonly body: (body: Body) => Body;
  /** Only counts the tokens, without an answer. */
  readonly isCount?: boolean;
}

const changes = new AsyncLocalStorage<RequestChange>();

/** Runs a call with a change of its request. The SDK must have been given {@link fetchChanged}. */
export function withChange<Result>(change: RequestChange | undefined, call: () => Result): Result {
  return change === undefined ? call() : changes.run(change, call);
}

/** Fields of Anthropic's API that its counting endpoint refuses. */
const NOT_COUNTED: ReadonlySet<string> = new Set(['max_tokens', 'stream', 'temperature', 'top_p', 'top_k', 'stop_sequences', 'metadata']);

/** Returns an empty answer with the count as its usage, so that a count ends like any call. */
function answerOf(inputTokens: unknown, model: unknown): Response {
  const usage = { input_tokens: inputTokens, output_tokens: 0 };
  const events = [
    { type: 'message_start', message: { id: 'count', type: 'message', role: 'assistant', model, content: [], usage } },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
  const headers = { 'Content-Type': 'text/event-stream' };
  return new Response(events.map((event) => serverSentEvent(event.type, event)).join(''), { headers });
}

async function fetchCount(url: string, init: RequestInit, body: Body): Promise<Response> {
  const counted = Object.fromEntries(Object.entries(body).filter(([key]) => !NOT_COUNTED.has(key)));
  const request = { ...init, body: exactJson(JSON.stringify(counted)) };
  // A followed redirect would send the key to another server.
  const response = await fetch(`${url}/count_tokens`, { ...request, redirect: 'manual' });
  const { status, statusText, headers } = response;
  const { text } = await readStart(response, MAX_ERROR_BODY_BYTES, init.signal);
  if (!response.ok) return new Response(text, { status: status < 400 ? 404 : status, statusText, headers });
  const contentType = headers.get('content-type') ?? '';
  if (!/^application\/json\b/i.test(contentType)) throw new UnexpectedTypeError({ status, contentType, body: text });
  return answerOf((JSON.parse(text) as { input_tokens?: unknown } | null)?.input_tokens, body['model']);
}

/** The `fetch` for an SDK that supports neither unknown fields, nor exact numbers, nor counting. */
export const fetchChanged: typeof fetch = (input, init) => {
  const change = changes.getStore();
  if (typeof init?.body !== 'string') return fetchStream(input, init);
  if (change === undefined) return fetchStream(input, { ...init, body: exactJson(init.body) });
  const body = change.body(JSON.parse(init.body) as Body);
  if (change.isCount === true) return fetchCount(input instanceof Request ? input.url : String(input), init, body);
  return fetchStream(input, { ...init, body: exactJson(JSON.stringify(body)) });
};

/** Returns a message without a field. One of the model that would be empty gets a text, because servers refuse empty ones, too. */
function messageWithout(field: string, { [field]: omitted, ...message }: Body): Body {
  const { role, content, tool_calls: calls } = message;
  const isEmptied = omitted !== undefined && role === 'assistant' && calls === undefined && (content ?? '') === '';
  return isEmptied ? { ...message, content: '(no text)' } : message;
}

/** A field that some models need and others refuse. */
interface Optional {
  readonly field: string;
  /** Matches the error of a server that refuses it. */
  readonly refusal: RegExp;
  /** Returns the request without it. */
  readonly leaveOut: (body: Body) => Body;
}

const ofMessages = (field: string): Optional => ({
  field,
  refusal: new RegExp(field),
  leaveOut: ({ messages, ...body }) => ({ ...body, messages: (messages as Body[]).map((message) => messageWithout(field, message)) }),
});

const OPTIONAL: readonly Optional[] = [
  // Some require the reasoning of a turn back (https://api-docs.deepseek.com/guides/thinking_mode).
  ofMessages('reasoning_content'),
  ofMessages('images'),
  // OpenRouter reads a PDF again, and charges for it, unless the one that it has read returns (https://openrouter.ai/docs, "PDF Inputs").
  ofMessages('annotations'),
  {
    field: 'reasoning_effort',
    // Models that do not reason. A refusal of the value alone is for the caller: `reasoning_effort='medium' is not supported …`.
    refusal: /reasoning_effort\W+(?:is (?:not enabled|not supported|unsupported)|msg\W+Extra inputs)/,
    leaveOut: ({ reasoning_effort: _effort, ...body }) => body,
  },
];

/**
 * Returns the `fetch` of a server of chat completions. A request that is refused for optional fields is sent again without them; if
 * that succeeds, later requests for the model omit them.
 */
export function fetchForChat(): typeof fetch {
  const refused = new Set<string>();
  return async (input, init) => {
    const written = init?.body;
    if (typeof written !== 'string') return await fetchStream(input, init);
    const given = OPTIONAL.filter(({ field }) => written.includes(`"${field}":`));
    if (given.length === 0) return await fetchStream(input, init);
    const body = JSON.parse(written) as Body;
    const keyOf = ({ field }: Optional): string => `${field} ${String(body['model'])}`;
    let omitted = given.filter((one) => refused.has(keyOf(one)));
    for (;;) {
      const sent = omitted.length === 0 ? written : JSON.stringify(omitted.reduce((rest, { leaveOut }) => leaveOut(rest), body));
      const answer = await fetchStream(input, { ...init, body: sent });
      if (answer.ok) for (const one of omitted) refused.add(keyOf(one));
      if (answer.status !== 400 && answer.status !== 422) return answer;
      const error = await answer.clone().text();
      const more = given.filter((one) => !omitted.includes(one) && one.refusal.test(error));
      if (more.length === 0) return answer;
      omitted = [...omitted, ...more];
    }
  };
}
