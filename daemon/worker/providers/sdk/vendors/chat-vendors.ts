/** How servers of chat completions differ from OpenAI's API. Part of the vendor bundle. */
import type { ConnectionSettings } from '../../provider.js';
import type { Body } from '../own-request.js';

interface Differences {
  /** Its name of the token limit; default: `max_tokens`, because many servers know only that. */
  readonly limit?: 'max_completion_tokens';
  /** Its name of `seed`. */
  readonly seed?: string;
  /** It reports the usage of a stream unasked, and refuses `stream_options`. */
  readonly alwaysReportsUsage?: boolean;
}

const VENDORS: readonly (Differences & { readonly hosts: RegExp })[] = [
  // OpenAI's own servers, and Azure's.
  { hosts: /(?:^|\.)(?:api\.openai\.com|openai\.azure\.com)$/, limit: 'max_completion_tokens' },
  // Mistral refuses each field that is not its own (https://github.com/Gitlawb/openclaude/issues/739). Its own are those of
  // `ChatCompletionStreamRequest` in https://github.com/mistralai/client-python. The last chunk has the usage
  // (https://github.com/Portkey-AI/gateway/pull/1260).
  { hosts: /(?:^|\.)mistral\.ai$/, seed: 'random_seed', alwaysReportsUsage: true },
];

/** OpenAI's models that refuse `max_tokens`, even behind a proxy. */
const REASONING_MODEL = /^(?:openai\/)?(?:gpt-5|o\d)/;

/** Returns the request as the server takes it. */
function writeBody({ limit, seed: seedName = 'seed' }: Differences, body: Body): Record<string, unknown> {
  const { max_tokens: maxTokens, seed, ...rest } = body;
  const limitName = REASONING_MODEL.test(String(body['model'])) ? 'max_completion_tokens' : (limit ?? 'max_tokens');
  return { [seedName]: seed, [limitName]: maxTokens, ...rest };
}

interface ChatOptions {
  /** Without it, strict servers report no tokens. */
  readonly includeUsage: boolean;
  readonly transformRequestBody: (body: Body) => Record<string, unknown>;
}

/** Returns the SDK's options for a server. */
export function chatOptions({ baseUrl }: Pick<ConnectionSettings, 'baseUrl'>): ChatOptions {
  const { hostname } = new URL(baseUrl);
  const differences: Differences = VENDORS.find(({ hosts }) => hosts.test(hostname)) ?? {};
  return {
    includeUsage: differences.alwaysReportsUsage !== true,
    transformRequestBody: (body) => writeBody(differences, body),
  };
}
