/** A fake vendor for each kind of API. */
import type { ApiKind } from '../../../shared/config/models-schema.js';
import { anthropic } from './anthropic.js';
import { google } from './google.js';
import { openAiCompletions } from './openai-completions.js';
import { openAiResponses } from './openai-responses.js';
import type { VendorProtocol } from './vendor-protocol.js';

export const PROTOCOLS: Readonly<Record<ApiKind, VendorProtocol>> = {
  'openai-completions': openAiCompletions,
  'openai-responses': openAiResponses,
  'anthropic-messages': anthropic,
  'google-generative-ai': google,
};
export const API_KINDS = Object.keys(PROTOCOLS) as ApiKind[];
