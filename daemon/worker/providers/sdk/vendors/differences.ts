/** How particular vendors and models differ from the API that they speak. Part of the vendor bundle. */
import { LOCAL_SERVERS } from '../../../../../shared/config/known-providers.js';
import type { ConnectionSettings } from '../../provider.js';

export interface Differences {
  /** The name of the token limit; default: the caller's, or `max_tokens`, because many servers know only that. */
  readonly limit?: 'max_tokens' | 'max_completion_tokens';
  /** The name of `seed`. */
  readonly seed?: string;
  /** Reports the usage of a stream unasked, and refuses `stream_options`. */
  readonly alwaysReportsUsage?: boolean;
  /** The ids of tool calls that are accepted; default: all. */
  readonly callIds?: RegExp;
  /** Fields of other vendors that it refuses, by the names that the SDK's options have. */
  readonly refusedFields?: readonly string[];
  /** Reasons as much as it can, or not at all. */
  readonly hasOneEffort?: boolean;
  /** Refuses a message of the user right after the results of tools, and instructions after the first other message. */
  readonly hasStrictOrder?: boolean;
}

/** Source: `MistralRequestValidatorV3` in https://github.com/mistralai/mistral-common, which servers of Mistral's models use, too. */
const MISTRAL_MESSAGES = { callIds: /^[A-Za-z0-9]{9}$/, hasStrictOrder: true };

interface Vendor extends Differences {
  /** With the port, if it is not the scheme's. */
  readonly hosts: RegExp;
  /** Providers with these ids are this vendor's, too. */
  readonly ids?: readonly string[];
}

const LOCAL_HOSTS = new RegExp(
  String.raw`^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\]):(?:${LOCAL_SERVERS.map(({ port }) => port).join('|')})$`,
);

const VENDORS: readonly Vendor[] = [
  // OpenAI's own servers, and Azure's.
  { hosts: /(?:^|\.)(?:api\.openai\.com|openai\.azure\.com)$/, limit: 'max_completion_tokens' },
  // Mistral refuses each field that is not its own (https://github.com/Gitlawb/openclaude/issues/739). Its own are those of
  // `ChatCompletionStreamRequest` in https://github.com/mistralai/client-python. The last chunk has the usage
  // (https://github.com/Portkey-AI/gateway/pull/1260).
  // Its models know the efforts `none` and `high` (https://github.com/anomalyco/models.dev/pull/1986).
  {
    hosts: /(?:^|\.)mistral\.ai$/,
    limit: 'max_tokens',
    seed: 'random_seed',
    alwaysReportsUsage: true,
    refusedFields: ['top_k', 'user', 'safety_identifier', 'prompt_cache_retention', 'verbosity', 'textVerbosity'],
    hasOneEffort: true,
    ...MISTRAL_MESSAGES,
  },
  // All of them know `max_tokens`; Ollama ignores the newer name (https://github.com/ollama/ollama/issues/7125). On other ports of this
  // machine are proxies, too, whose model may refuse `max_tokens`.
  { hosts: LOCAL_HOSTS, ids: LOCAL_SERVERS.map(({ id }) => id), limit: 'max_tokens' },
];

const MODELS: readonly (Differences & { readonly models: RegExp })[] = [
  // OpenAI's models that refuse `max_tokens`, even behind a proxy.
  { models: /^(?:openai\/)?(?:gpt-5|o\d)/, limit: 'max_completion_tokens' },
  // Mistral, Ministral, Magistral, Devstral, Codestral, Mixtral, Pixtral …
  { models: /[sx]tral/i, ...MISTRAL_MESSAGES },
  // https://github.com/earendil-works/pi/issues/9048
  { models: /claude/i, callIds: /^[\w-]+$/ },
];

/** @param provider  undefined: only what holds for the model everywhere */
export function differencesOf(modelId: string, provider?: Pick<ConnectionSettings, 'id' | 'baseUrl'>): Differences {
  const host = provider && new URL(provider.baseUrl).host;
  const isOf = ({ hosts, ids = [] }: Vendor): boolean => host !== undefined && (hosts.test(host) || ids.includes(provider?.id ?? ''));
  return { ...VENDORS.find(isOf), ...MODELS.find(({ models }) => models.test(modelId)) };
}
