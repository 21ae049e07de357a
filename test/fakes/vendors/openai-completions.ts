/** OpenAI's chat completions: https://platform.openai.com/docs/api-reference/chat-streaming. */
import { type Body, listOf, sse, type VendorProtocol } from './vendor-protocol.js';
import { FAKE_USAGE, textOfCall } from './vendor-reply.js';
import { openAiError, openAiModels } from './openai-shared.js';
import { detailsOf, GROK, GROK_USAGE, problemOfModel, reasoningField, signatureOf } from './particular-models.js';

const FINISH_REASONS = { stop: 'stop', length: 'length', filter: 'content_filter' };

/** Every call of a tool is answered by a message of its own. */
function unansweredTool(messages: readonly Body[]): string | undefined {
  const answered = messages.map((message) => message['tool_call_id']);
  const open = messages.flatMap((message) => listOf(message['tool_calls'])).find(({ id }) => !answered.includes(id));
  return open === undefined ? undefined : `An assistant message with 'tool_calls' must be followed by tool messages: ${String(open['id'])}`;
}

export const openAiCompletions: VendorProtocol = {
  basePath: '/v1',
  keyOf: (headers) => headers.authorization?.replace(/^Bearer /, ''),
  modelOf: (path, body) => (path === '/chat/completions' && body['stream'] === true ? String(body['model']) : undefined),
  problemOf(_headers, body) {
    const messages = listOf(body['messages']);
    if (messages.length === 0) return "[] is too short - 'messages'";
    return problemOfModel(body) ?? unansweredTool(messages);
  },
  error: openAiError,
  models: openAiModels,
  writer(model) {
    const base = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_700_000_000, model };
    const chunk = (delta: Body, finishReason: string | null = null): string =>
      sse({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }] });
    return {
      open: () => chunk({ role: 'assistant', content: '' }),
      think: (thoughts) => thoughts.map((thought) => ('text' in thought ? chunk({ [reasoningField(model)]: thought.text }) : '')).join(''),
      part: (content) => chunk({ content }),
      calls(calls) {
        const written = calls.map((call, index) => {
          const { id, name } = call;
          const text = textOfCall(call);
          const signature = index === 0 ? signatureOf(model) : {};
          const start = chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' }, ...signature }] });
          return (
            start +
            [text.slice(0, 3), text.slice(3)].map((part) => chunk({ tool_calls: [{ index, function: { arguments: part } }] })).join('')
          );
        });
        return [...detailsOf(model).map((one) => chunk({ reasoning_details: [one] })), ...written].join('');
      },
      finish(reason, hasCalls) {
        const { input, cacheRead, output } = FAKE_USAGE;
        const counted = {
          prompt_tokens: input,
          completion_tokens: output,
          total_tokens: input + output,
          prompt_tokens_details: { cached_tokens: cacheRead },
        };
        const usage = model === GROK ? GROK_USAGE : counted;
        return `${chunk({}, hasCalls && reason === 'stop' ? 'tool_calls' : FINISH_REASONS[reason])}${sse({ ...base, choices: [], usage })}data: [DONE]\n\n`;
      },
      error: (message) => sse({ error: { message, type: 'server_error', param: null, code: null } }),
      garbage: () => 'data: {"id": not JSON\n\n',
    };
  },
};
