/** OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses-streaming. */
import { type Body, listOf, sse, type VendorProtocol } from './vendor-protocol.js';
import { FAKE_USAGE, textOfCall } from './vendor-reply.js';
import { openAiError, openAiModels } from './openai-shared.js';

const INCOMPLETE = { length: 'max_output_tokens', filter: 'content_filter' };

function problemOf(items: readonly Body[]): string | undefined {
  if (items.length === 0) return "Missing required parameter: 'input'.";
  const answered = items.filter(({ type }) => type === 'function_call_output').map((item) => item['call_id']);
  const open = items.find((item) => item['type'] === 'function_call' && !answered.includes(item['call_id']));
  return open === undefined ? undefined : `No tool output found for function call ${String(open['call_id'])}.`;
}

export const openAiResponses: VendorProtocol = {
  basePath: '/v1',
  keyOf: (headers) => headers.authorization?.replace(/^Bearer /, ''),
  modelOf: (path, body) => (path === '/responses' && body['stream'] === true ? String(body['model']) : undefined),
  problemOf: (_headers, body) => problemOf(listOf(body['input'])),
  error: openAiError,
  models: openAiModels,
  writer(model) {
    const output: Body[] = [];
    let sequence = 0;
    let said = '';
    const event = (type: string, data: Body): string => sse({ type, sequence_number: (sequence += 1), ...data }, type);
    const response = (status: string, rest: Body = {}): Body => ({
      id: 'resp_1',
      object: 'response',
      created_at: 1_700_000_000,
      status,
      model,
      output,
      error: null,
      incomplete_details: null,
      instructions: null,
      metadata: {},
      parallel_tool_calls: true,
      temperature: 1,
      tool_choice: 'auto',
      tools: [],
      top_p: 1,
      usage: null,
      ...rest,
    });
    const message = (status: string): Body => ({
      id: 'item_1',
      type: 'message',
      role: 'assistant',
      status,
      content: status === 'completed' ? [{ type: 'output_text', text: said, annotations: [] }] : [],
    });
    const place = { item_id: 'item_1', output_index: 0, content_index: 0 };
    const closeText = (): string => {
      if (said === '') return '';
      output.push(message('completed'));
      const part = { type: 'output_text', text: said, annotations: [] };
      return (
        event('response.output_text.done', { ...place, text: said, logprobs: [] }) +
        event('response.content_part.done', { ...place, part }) +
        event('response.output_item.done', { output_index: 0, item: message('completed') })
      );
    };
    return {
      open: () =>
        event('response.created', { response: response('in_progress') }) +
        event('response.in_progress', { response: response('in_progress') }),
      part(text) {
        const start =
          said === ''
            ? event('response.output_item.added', { output_index: 0, item: message('in_progress') }) +
              event('response.content_part.added', { ...place, part: { type: 'output_text', text: '', annotations: [] } })
            : '';
        said += text;
        return start + event('response.output_text.delta', { ...place, delta: text, logprobs: [] });
      },
      calls(calls) {
        const before = closeText();
        const written = calls.map((call, at) => {
          const { id, name } = call;
          const index = output.length;
          const text = textOfCall(call);
          const item = { id: `fc_${at}`, type: 'function_call', call_id: id, name };
          const own = { item_id: item.id, output_index: index };
          const done = { ...item, status: 'completed', arguments: text };
          output.push(done);
          return (
            event('response.output_item.added', { output_index: index, item: { ...item, status: 'in_progress', arguments: '' } }) +
            event('response.function_call_arguments.delta', { ...own, delta: text.slice(0, 3) }) +
            event('response.function_call_arguments.delta', { ...own, delta: text.slice(3) }) +
            event('response.function_call_arguments.done', { ...own, name, arguments: text }) +
            event('response.output_item.done', { output_index: index, item: done })
          );
        });
        said = '';
        return before + written.join('');
      },
      finish(reason) {
        const { input, cacheRead, output: outputTokens } = FAKE_USAGE;
        const usage = {
          input_tokens: input,
          input_tokens_details: { cached_tokens: cacheRead },
          output_tokens: outputTokens,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: input + outputTokens,
        };
        const before = closeText();
        if (reason === 'stop') return before + event('response.completed', { response: response('completed', { usage }) });
        return (
          before +
          event('response.incomplete', { response: response('incomplete', { usage, incomplete_details: { reason: INCOMPLETE[reason] } }) })
        );
      },
      error: (text) => event('error', { code: 'server_error', message: text, param: null }),
      garbage: () => 'event: response.output_text.delta\ndata: {"type": not JSON\n\n',
    };
  },
};
