/** What servers of chat completions demand for particular models. */
import type { Body } from './vendor-protocol.js';

/** OpenAI's reasoning models: https://github.com/langgenius/dify/issues/24307. */
export const GPT_5 = 'gpt-5-mini';

/** Models that have demands of their own. */
export const PARTICULAR_MODELS = [GPT_5];

const DEMANDS: Readonly<Record<string, (body: Body) => string | undefined>> = {
  [GPT_5]: ({ max_tokens: limit }) =>
    limit === undefined
      ? undefined
      : "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
};

/** Returns what the vendor of its model would refuse a request for. */
export const problemOfModel = (body: Body): string | undefined => DEMANDS[String(body['model'])]?.(body);
