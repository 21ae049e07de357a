/** Chat completions as OpenAI defined them, which most hosted and local servers speak. Part of the bundle that speaks to vendors. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { Connect } from '../create-provider.js';
import { fetchStream } from './sdk-fetch.js';

export const connectOpenAiCompletions: Connect = ({ id, baseUrl, apiKey, headers }) => {
  const provider = createOpenAICompatible({
    name: id,
    baseURL: baseUrl,
    // Without it, servers that keep to the letter count no tokens.
    includeUsage: true,
    fetch: fetchStream,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(headers === undefined ? {} : { headers: { ...headers } }),
  });
  return (modelId) => provider.chatModel(modelId);
};
