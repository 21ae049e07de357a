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
import { StreamedFields } from './vendor-step.js';
import { chatOptions } from './vendors/chat-options.js';

/** Returns the SDK's model of that name. */
export type Connect = (settings: ConnectionSettings) => (modelId: string) => LanguageModel;

/** Without a key the SDKs would look for one in the environment, so an empty one is given. */
const optionsOf = ({ apiKey, headers }: ConnectionSettings) => ({ apiKey: apiKey ?? '', fetch: fetchStream, headers: { ...headers } });

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
    const provider = createOpenAICompatible({
      name: id,
      baseURL: baseUrl,
      ...chatOptions({ id, baseUrl }),
      fetch: fetchForChat(),
      metadataExtractor: { extractMetadata: async () => undefined, createStreamExtractor: () => new StreamedFields() },
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
