/** Whole answers of each API, as its documentation shows them: a text, a call of the tool `weather`, and a refusal. */
import type { ApiKind } from '../../../shared/config/models-schema.js';

const CITY = { city: 'Bern' };

export const TEXTS: Readonly<Record<ApiKind, unknown>> = {
  'openai-completions': {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'fake-model',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello', refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 },
  },
  'openai-responses': {
    id: 'resp_1',
    object: 'response',
    created_at: 1_700_000_000,
    status: 'completed',
    error: null,
    incomplete_details: null,
    model: 'fake-model',
    output: [
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }] },
      {
        type: 'message',
        id: 'msg_1',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Hello', annotations: [] }],
      },
    ],
    usage: { input_tokens: 11, output_tokens: 5, total_tokens: 16 },
  },
  'anthropic-messages': {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'fake-model',
    content: [
      { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
      { type: 'text', text: 'Hello' },
    ],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 11, output_tokens: 5 },
  },
  'google-generative-ai': [
    { candidates: [{ content: { parts: [{ text: 'Hel' }], role: 'model' }, index: 0 }], modelVersion: 'fake-model' },
    {
      candidates: [{ content: { parts: [{ text: 'lo' }], role: 'model' }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 5, totalTokenCount: 16 },
      modelVersion: 'fake-model',
    },
  ],
};

export const CALLS: Readonly<Record<ApiKind, unknown>> = {
  'openai-completions': {
    ...(TEXTS['openai-completions'] as object),
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: JSON.stringify(CITY) } }],
        },
        finish_reason: 'tool_calls',
      },
    ],
  },
  'openai-responses': {
    ...(TEXTS['openai-responses'] as object),
    output: [
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: JSON.stringify(CITY), status: 'completed' },
    ],
  },
  'anthropic-messages': {
    ...(TEXTS['anthropic-messages'] as object),
    content: [{ type: 'tool_use', id: 'call_1', name: 'weather', input: CITY }],
    stop_reason: 'tool_use',
  },
  'google-generative-ai': {
    candidates: [
      { content: { parts: [{ functionCall: { name: 'weather', args: CITY } }], role: 'model' }, finishReason: 'STOP', index: 0 },
    ],
    usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 5, totalTokenCount: 16 },
    modelVersion: 'fake-model',
  },
};

export const REFUSALS: Readonly<Partial<Record<ApiKind, unknown>>> = {
  'openai-completions': {
    ...(TEXTS['openai-completions'] as object),
    choices: [{ index: 0, message: { role: 'assistant', content: null, refusal: 'Never.' }, finish_reason: 'stop' }],
  },
  'openai-responses': {
    ...(TEXTS['openai-responses'] as object),
    output: [{ type: 'message', id: 'msg_1', status: 'completed', role: 'assistant', content: [{ type: 'refusal', refusal: 'Never.' }] }],
  },
  'anthropic-messages': {
    ...(TEXTS['anthropic-messages'] as object),
    content: [{ type: 'text', text: 'Never.' }],
    stop_reason: 'refusal',
  },
};
