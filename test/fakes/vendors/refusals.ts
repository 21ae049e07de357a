/** Refusals in the words of particular vendors, as users have published them. */
import type { DocumentReply } from './vendor-reply.js';

const refusal = (status: number, body: unknown, headers: Record<string, string> = {}): DocumentReply => ({
  type: 'document',
  status,
  headers,
  body,
});

const GROQ_LINK = 'Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing';
const GROQ_LIMIT = 'for model `x` in organization `org_1` service tier `on_demand` on tokens per minute (TPM)';

/** https://github.com/continuedev/continue/issues/10920 */
export const groqLimit = refusal(
  429,
  {
    error: {
      message: `Rate limit reached ${GROQ_LIMIT}: Limit 12000, Used 11542, Requested 855. Please try again in 1.985s. ${GROQ_LINK}`,
      type: 'tokens',
      code: 'rate_limit_exceeded',
    },
  },
  { 'retry-after': '2' },
);

export const groqTooLarge = refusal(413, {
  error: {
    message: `Request too large ${GROQ_LIMIT}: Limit 12000, Requested 14137, please reduce your message size and try again. ${GROQ_LINK}`,
    type: 'tokens',
    code: 'rate_limit_exceeded',
  },
});

/** https://github.com/RooCodeInc/Roo-Code/issues/3883 */
export const geminiLimit = refusal(429, {
  error: {
    code: 429,
    message:
      'You exceeded your current quota, please check your plan and billing details. https://ai.google.dev/gemini-api/docs/rate-limits.',
    status: 'RESOURCE_EXHAUSTED',
    details: [
      { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId: 'InputTokensPerModelPerMinute-FreeTier' }] },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1s' },
    ],
  },
});

export const openAiLimit = refusal(429, {
  error: {
    message: 'Rate limit reached for x on requests per min. Visit https://platform.openai.com/account/billing to add a payment method.',
    type: 'requests',
    param: null,
    code: 'rate_limit_exceeded',
  },
});

export const openAiNoCredit = refusal(429, {
  error: {
    message: 'You exceeded your current quota, please check your plan and billing details.',
    type: 'insufficient_quota',
    param: null,
    code: 'insufficient_quota',
  },
});

export const anthropicNoCredit = refusal(400, {
  type: 'error',
  error: {
    type: 'invalid_request_error',
    message: 'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
  },
});

/** https://github.com/continuedev/continue/issues/10373; some get it with 403. */
export const xaiNoCredit = (status: 403 | 429): DocumentReply =>
  refusal(status, {
    code: 'The caller does not have permission to execute the specified operation',
    error: 'Your team 1 has either used all available credits or reached its monthly spending limit. Please purchase more credits.',
  });

/** FastAPI's, as vLLM and Mistral send it: it repeats what it was sent. */
export const fastApiInvalid = refusal(422, {
  detail: [
    {
      type: 'float_type',
      loc: ['body', 'temperature'],
      msg: 'Input should be a valid number',
      input: 'my billing address has a maximum context length of 8 tokens, insufficient_quota',
    },
  ],
});

/** https://openrouter.ai/docs/api-reference/errors: what the provider behind it said. */
export const openRouterTooLong = refusal(400, {
  error: {
    message: 'Provider returned error',
    code: 400,
    metadata: {
      raw: '{"error":{"message":"This model\'s maximum context length is 8192 tokens. However, your messages resulted in 9014 tokens."}}',
      provider_name: 'Somebody',
    },
  },
});

/** The same from Mistral. */
export const mistralInvalid = refusal(422, {
  object: 'error',
  message: {
    detail: [{ type: 'extra_forbidden', loc: ['body', 'messages', 1, 'x'], msg: 'Extra inputs are not permitted', input: 'a key' }],
  },
  type: 'invalid_request_error',
});

/** https://openrouter.ai/docs/api-reference/errors#moderation-errors */
export const openRouterModeration = refusal(403, {
  error: {
    code: 403,
    message: 'Your chosen model requires moderation and your input was flagged',
    metadata: { reasons: ['violence'], flagged_input: 'my API key', provider_name: 'Somebody' },
  },
});

export const anthropicForbidden = refusal(403, {
  type: 'error',
  error: { type: 'permission_error', message: 'Your API key does not have permission to use the specified resource' },
});

export const openAiCountry = refusal(403, {
  error: {
    message: 'Country, region, or territory not supported',
    type: 'request_forbidden',
    param: null,
    code: 'unsupported_country_region_territory',
  },
});

/** Google's way to say that the model wrote a call which it cannot read. */
export const geminiInvalidCall: DocumentReply = {
  type: 'document',
  body: {
    candidates: [
      {
        content: { role: 'model', parts: [] },
        finishReason: 'MALFORMED_FUNCTION_CALL',
        finishMessage: 'Malformed function call: print(default_api.time(',
      },
    ],
    usageMetadata: { promptTokenCount: 10, totalTokenCount: 10 },
  },
};
