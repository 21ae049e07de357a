/** Anthropic's Messages API. Part of the bundle that speaks to vendors. */
import { createAnthropic } from '@ai-sdk/anthropic';
import type { Connect } from '../create-provider.js';
import { fetchStream } from './sdk-fetch.js';
import { withVersion } from '../versioned-url.js';

export const connectAnthropic: Connect = ({ baseUrl, apiKey, headers }) => {
  // Without a key of ours the SDK would look for one in the environment; an empty one is none.
  const provider = createAnthropic({
    baseURL: withVersion(baseUrl, 'v1'),
    apiKey: apiKey ?? '',
    fetch: fetchStream,
    headers: { ...headers },
  });
  return (modelId) => provider.messages(modelId);
};
