import { expect, test } from 'vitest';
import { readContextLimit } from '../../../../daemon/worker/providers/context-limit.js';

test.each<[string, number | null, number | null, string]>([
  ['OpenAI', 8_192, 9_014, "This model's maximum context length is 8192 tokens. However, your messages resulted in 9014 tokens."],
  [
    'OpenAI, with the answer',
    4_097,
    4_261,
    "This model's maximum context length is 4097 tokens. However, you requested 4261 tokens (3261 in the messages, 1000 in the completion).",
  ],
  ['OpenAI, responses', null, null, 'Your input exceeds the context window of this model. Please adjust your input and try again.'],
  ['OpenAI, the code alone', null, null, '{"error":{"code":"context_length_exceeded"}}'],
  ['vLLM', 4_096, 5_000, "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens."],
  ['vLLM, decoder', 4_096, 5_000, 'The decoder prompt (length 5000) is longer than the maximum model length of 4096.'],
  [
    'SGLang',
    4_096,
    5_000,
    "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 5000 tokens: 4000 tokens from the input messages and 1000 tokens for the completion.",
  ],
  ['SGLang, input', 4_096, 5_000, "The input (5000 tokens) is longer than the model's context length (4096 tokens)."],
  [
    'OpenRouter',
    131_072,
    150_000,
    "This endpoint's maximum context length is 131072 tokens. However, you requested about 150000 tokens (140000 of text input, 10000 in the output).",
  ],
  ['Anthropic', 200_000, 208_310, 'prompt is too long: 208310 tokens > 200000 maximum'],
  [
    'Anthropic, with the answer',
    200_000,
    210_000,
    'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again',
  ],
  ['Anthropic, bytes', null, null, '{"error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}'],
  ['Fireworks', 4_096, 5_000, 'The prompt is too long: 5000, model maximum context length: 4096'],
  ['Google', 1_048_576, 1_200_000, 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).'],
  ['Google, without the count', 1_048_576, null, 'The input token count exceeds the maximum number of tokens allowed 1048576.'],
  ['Vertex', 32_768, 32_945, 'Unable to submit request because the input token count is 32945 but model only supports up to 32768.'],
  ['llama.cpp', 4_096, 5_000, 'request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it'],
  [
    'llama.cpp, older',
    null,
    null,
    'the request exceeds the available context size. try increasing the context size or enable context shift',
  ],
  [
    'LM Studio',
    4_096,
    5_000,
    'Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.',
  ],
  ['Ollama', null, null, 'the input length exceeds the context length'],
  ['Mistral', 32_768, 65_673, 'Prompt contains 65673 tokens and 0 draft tokens, too large for model with 32768 maximum context length'],
  ['xAI', 131_072, 150_000, "This model's maximum prompt length is 131072 but the request contains 150000 tokens."],
  ['GitHub Copilot', 64_000, 70_000, 'prompt token count of 70000 exceeds the limit of 64000'],
  ['GitHub Models', 8_000, null, 'Request body too large for gpt-4o model. Max size: 8000 tokens.'],
  ['Together', 4_097, 5_100, '`inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5000 `inputs` tokens and 100 `max_new_tokens`'],
  ['Hugging Face', 1_024, 1_500, '`inputs` must have less than 1024 tokens. Given: 1500'],
  [
    'Cohere',
    4_081,
    5_000,
    'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000. Try using a shorter prompt',
  ],
  ['Cerebras', 8_192, 9_000, 'Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192'],
  ['Alibaba', 30_720, null, 'Range of input length should be [1, 30720]'],
  ['Moonshot', 262_144, 291_351, 'Invalid request: Your request exceeded model token limit: 262144 (requested: 291351)'],
  ['MiniMax', null, null, 'invalid params, context window exceeds limit (2013)'],
  ['Zhipu', null, null, 'Prompt exceeds max length'],
  ['Bedrock', null, null, 'Input is too long for requested model.'],
  [
    'Groq',
    6_000,
    7_000,
    'Request too large for model `x` in organization `o` on tokens per minute (TPM): Limit 6000, Requested 7000, please reduce your message size',
  ],
  ['grouped digits', 1_048_576, 1_200_000, 'The input token count (1,200,000) exceeds the maximum number of tokens allowed (1,048,576).'],
])('%s: the limit is %j, the request had %j', (...[, limitTokens, usedTokens, text]) => {
  expect(readContextLimit(text)).toEqual({ limitTokens, usedTokens });
});

test.each(['Invalid value for max_tokens', 'You have no credit left', 'the model does not exist', '', '9 tokens'])(
  '%j is another refusal',
  (text) => {
    expect(readContextLimit(text)).toBeUndefined();
  },
);
