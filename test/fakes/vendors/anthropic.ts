/** Anthropic's Messages API: https://docs.claude.com/en/api/messages-streaming. */
import { type Body, listOf, sse, type VendorProtocol } from './vendor-protocol.js';
import { type ErrorKind, FAKE_COUNT, FAKE_USAGE, RETRY_AFTER_SECONDS, textOfCall } from './vendor-reply.js';

const ERRORS: Readonly<Record<ErrorKind, [number, string]>> = {
  auth: [401, 'authentication_error'],
  notFound: [404, 'not_found_error'],
  rateLimited: [429, 'rate_limit_error'],
  overloaded: [529, 'overloaded_error'],
  tooLong: [400, 'invalid_request_error'],
  invalid: [400, 'invalid_request_error'],
};
const STOP_REASONS = { stop: 'end_turn', length: 'max_tokens', filter: 'refusal' };

/** Each use of a tool is answered by the next message. */
function unansweredTool(messages: readonly Body[]): string | undefined {
  for (const [index, { content }] of messages.entries()) {
    const answered = listOf(messages[index + 1]?.['content']).map((block) => block['tool_use_id']);
    const open = listOf(content).find((block) => block['type'] === 'tool_use' && !answered.includes(block['id']));
    if (open !== undefined) return `tool_use ids were found without tool_result blocks: ${String(open['id'])}`;
  }
  return undefined;
}

/** Messages and texts without a word, and calls whose input is no object. */
function oddBlock(body: Body): string | undefined {
  const messages = listOf(body['messages']);
  const empty = messages.findIndex(({ content }) => content === '' || (Array.isArray(content) && content.length === 0));
  if (empty >= 0 && empty < messages.length - 1) return `messages.${empty}: all messages must have non-empty content`;
  const outer = [listOf(body['system']), ...messages.map(({ content }) => listOf(content))].flat();
  const blocks = [...outer, ...outer.flatMap(({ content }) => listOf(content))];
  if (blocks.some(({ type, text }) => type === 'text' && String(text).trim() === ''))
    return 'messages: text content blocks must contain non-whitespace text';
  const hasOddInput = blocks.some(({ type, input }) => type === 'tool_use' && (typeof input !== 'object' || input === null));
  return hasOddInput ? 'tool_use.input: Input should be a valid dictionary' : undefined;
}

const event = (type: string, data: Body): string => sse({ type, ...data }, type);

export const anthropic: VendorProtocol = {
  basePath: '/v1',
  // Its own SDK sends the one, others the other.
  keyOf: (headers) => (headers['x-api-key'] as string | undefined) ?? headers.authorization?.replace(/^Bearer /, ''),
  modelOf: (path, body) => (path === '/messages' && body['stream'] === true ? String(body['model']) : undefined),
  problemOf(headers, body) {
    if (headers['anthropic-version'] === undefined) return 'anthropic-version: header is required';
    if (!Number.isInteger(body['max_tokens'])) return 'max_tokens: Field required';
    const messages = listOf(body['messages']);
    if (messages.length === 0) return 'messages: at least one message is required';
    return oddBlock(body) ?? unansweredTool(messages);
  },
  error(kind, message) {
    const [status, type] = ERRORS[kind];
    const text = kind === 'tooLong' ? 'prompt is too long: 9 tokens > 8 maximum' : message;
    const headers: Record<string, string> = kind === 'rateLimited' ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
    return { status, headers, body: { type: 'error', error: { type, message: text }, request_id: 'req_1' } };
  },
  count(path, body) {
    if (path !== '/messages/count_tokens') return undefined;
    const odd = Object.keys(body).find((key) => ['max_tokens', 'stream', 'temperature', 'metadata'].includes(key));
    if (odd !== undefined) return anthropic.error('invalid', `${odd}: Extra inputs are not permitted`);
    return { status: 200, body: { input_tokens: FAKE_COUNT } };
  },
  models: (ids) => ({
    data: ids.map((id) => ({ type: 'model', id, display_name: id, created_at: '2025-01-01T00:00:00Z' })),
    has_more: false,
    first_id: ids[0],
    last_id: ids.at(-1),
  }),
  writer(model) {
    let index = -1;
    let isTextOpen = false;
    const openBlock = (block: Body): string => event('content_block_start', { index: (index += 1), content_block: block });
    const closeText = (): string => (isTextOpen ? event('content_block_stop', { index }) : '');
    return {
      open() {
        const usage = {
          input_tokens: FAKE_USAGE.input - FAKE_USAGE.cacheRead - FAKE_USAGE.cacheWrite,
          cache_creation_input_tokens: FAKE_USAGE.cacheWrite,
          cache_read_input_tokens: FAKE_USAGE.cacheRead,
          output_tokens: 1,
        };
        const message = {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage,
        };
        return event('message_start', { message }) + event('ping', {});
      },
      think: (thoughts) =>
        thoughts
          .map((thought) => {
            const stop = (): string => event('content_block_stop', { index });
            if ('redacted' in thought) return openBlock({ type: 'redacted_thinking', data: thought.redacted }) + stop();
            const delta = (one: Body): string => event('content_block_delta', { index, delta: one });
            return (
              openBlock({ type: 'thinking', thinking: '', signature: '' }) +
              delta({ type: 'thinking_delta', thinking: thought.text }) +
              delta({ type: 'signature_delta', signature: thought.signature }) +
              stop()
            );
          })
          .join(''),
      part(text) {
        const start = isTextOpen ? '' : openBlock({ type: 'text', text: '' });
        isTextOpen = true;
        return start + event('content_block_delta', { index, delta: { type: 'text_delta', text } });
      },
      calls(calls) {
        const before = closeText();
        isTextOpen = false;
        const blocks = calls.map((call) => {
          const { id, name } = call;
          const text = textOfCall(call);
          const start = openBlock({ type: 'tool_use', id, name, input: {} });
          const deltas = [text.slice(0, 3), text.slice(3)].map((json) =>
            event('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: json } }),
          );
          return start + deltas.join('') + event('content_block_stop', { index });
        });
        return before + blocks.join('');
      },
      finish(reason, hasCalls, stopSequence) {
        const stop = hasCalls && reason === 'stop' ? 'tool_use' : stopSequence === undefined ? STOP_REASONS[reason] : 'stop_sequence';
        const delta = { delta: { stop_reason: stop, stop_sequence: stopSequence ?? null }, usage: { output_tokens: FAKE_USAGE.output } };
        return closeText() + event('message_delta', delta) + event('message_stop', {});
      },
      error: (message) => event('error', { error: { type: 'overloaded_error', message } }),
      garbage: () => 'event: content_block_delta\ndata: {"type": not JSON\n\n',
    };
  },
};
