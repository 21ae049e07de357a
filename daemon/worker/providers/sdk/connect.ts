/** Connects the SDK of each API kind. Part of the vendor bundle. */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModel } from 'ai';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import type { ConnectionSettings } from '../provider.js';
import { withVersion } from '../versioned-url.js';
import { fetchChanged, fetchForChat } from './own-request.js';
import { fetchStream } from './sdk-fetch.js';
import { ReasoningDetails } from './vendor-step.js';

/** Returns the SDK's model of that name. */
export type Connect = (settings: ConnectionSettings) => (modelId: string) => LanguageModel;

/** Without a key the SDKs would look for one in the environment, so an empty one is given. */
const optionsOf = ({ apiKey, headers }: ConnectionSettings) => ({ apiKey: apiKey ?? '', fetch: fetchStream, headers: { ...headers } });

/** OpenAI's own servers, and Azure's. */
const OPENAI_HOST = /(?:^|\.)(?:api\.openai\.com|openai\.azure\.com)$/;
/** OpenAI's models that refuse `max_tokens`, even behind a proxy. */
const REASONING_MODEL = /^(?:openai\/)?(?:gpt-5|o\d)/;

/** Returns a request with the token limit under its newer name if needed. Other servers may know only the older one. */
function nameLimit(isOpenAi: boolean, { max_tokens: limit, ...body }: Record<string, unknown>): Record<string, unknown> {
  if (limit === undefined) return body;
  const isNewer = isOpenAi || REASONING_MODEL.test(String(body['model']));
  return isNewer ? { max_completion_tokens: limit, ...body } : { max_tokens: limit, ...body };
}

export const CONNECT: Readonly<Record<ApiKind, Connect>> = {
  'anthropic-messages'(settings) {
    const provider = createAnthropic({ ...optionsOf(settings), fetch: fetchChanged, baseURL: withVersion(settings.baseUrl, 'v1') });
    return (modelId) => provider.messages(modelId);
  },

  'google-generative-ai'(settings) {
    const provider = createGoogleGenerativeAI({
      ...optionsOf(settings),
      fetch: fetchChanged,
      baseURL: withVersion(settings.baseUrl, 'v1beta'),
    });
    return (modelId) => provider.chat(modelId);
  },

  /** Chat completions as OpenAI defined them, which most hosted and local servers speak. */
  'openai-completions'({ id, baseUrl, apiKey, headers }) {
    const isOpenAi = OPENAI_HOST.test(new URL(baseUrl).hostname);
    const provider = createOpenAICompatible({
      name: id,
      baseURL: baseUrl,
      // Without it, strict servers report no tokens.
      includeUsage: true,
      fetch: fetchForChat(),
      transformRequestBody: (body) => nameLimit(isOpenAi, body),
      metadataExtractor: { extractMetadata: async () => undefined, createStreamExtractor: () => new ReasoningDetails() },
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(headers === undefined ? {} : { headers: { ...headers } }),
    });
    return (modelId) => provider.chatModel(modelId);
  },

  'openai-responses'(settings) {
    const provider = createOpenAI({ ...optionsOf(settings), fetch: fetchChanged, baseURL: settings.baseUrl });
    return (modelId) => provider.responses(modelId);
  },
};
