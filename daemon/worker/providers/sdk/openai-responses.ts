/** OpenAI's Responses API. Part of the bundle that speaks to vendors. */
import { createOpenAI } from '@ai-sdk/openai';
import type { Connect } from '../create-provider.js';
import { fetchStream } from './sdk-fetch.js';

export const connectOpenAiResponses: Connect = ({ baseUrl, apiKey, headers }) => {
  // Without a key of ours the SDK would look for one in the environment; an empty one is none.
  const provider = createOpenAI({ baseURL: baseUrl, apiKey: apiKey ?? '', fetch: fetchStream, headers: { ...headers } });
  return (modelId) => provider.responses(modelId);
};
