/** Google's Generative Language API (Gemini). Part of the bundle that speaks to vendors. */
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import type { Connect } from '../create-provider.js';
import { fetchStream } from './sdk-fetch.js';
import { withVersion } from '../versioned-url.js';

export const connectGoogle: Connect = ({ baseUrl, apiKey, headers }) => {
  // Without a key of ours the SDK would look for one in the environment; an empty one is none.
  const options = { baseURL: withVersion(baseUrl, 'v1beta'), apiKey: apiKey ?? '', fetch: fetchStream, headers: { ...headers } };
  const provider = createGoogleGenerativeAI(options);
  return (modelId) => provider.chat(modelId);
};
