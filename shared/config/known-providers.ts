/** Providers that need no entry in `models.json`: enabled by an environment variable, or discovered on this machine. */
import { GUIDE_PROVIDER } from './defaults.js';
import type { ApiKind, ModelConfig } from './models-schema.js';

export interface KnownProvider {
  readonly id: string;
  readonly name: string;
  readonly api: ApiKind;
  readonly baseUrl: string;
  /** The variables for the key; the first one that is set is used. */
  readonly keyVariables: readonly [string, ...string[]];
  /** The variable for another base URL with the same API, e.g. a proxy. */
  readonly baseUrlVariable?: string;
  /** The first one is the default. */
  readonly models: readonly ModelConfig[];
}

const text = (id: string, name: string, limits: Partial<ModelConfig> = {}): ModelConfig => ({ id, name, input: ['text'], ...limits });
const image = (id: string, name: string, limits: Partial<ModelConfig> = {}): ModelConfig => ({
  ...text(id, name, limits),
  input: ['text', 'image'],
});

/** Returns a provider with the chat completions API. */
function host([id, name, baseUrl, keyVariable]: [string, string, string, string], models: readonly ModelConfig[]): KnownProvider {
  return { id, name, api: 'openai-completions', baseUrl, keyVariables: [keyVariable], models };
}

/** In order of preference for the default model. */
export const KNOWN_PROVIDERS: readonly KnownProvider[] = [
  {
    id: 'openai',
    name: 'OpenAI',
    api: 'openai-completions',
    baseUrl: 'https://api.openai.com/v1',
    keyVariables: ['OPENAI_API_KEY'],
    baseUrlVariable: 'OPENAI_BASE_URL',
    models: [
      image('gpt-5-mini', 'GPT-5 mini', { reasoning: true, contextWindow: 400_000, maxTokens: 128_000 }),
      image('gpt-5', 'GPT-5', { reasoning: true, contextWindow: 400_000, maxTokens: 128_000 }),
      image('gpt-4.1', 'GPT-4.1', { contextWindow: 1_047_576, maxTokens: 32_768 }),
      image('gpt-4o-mini', 'GPT-4o mini', { contextWindow: 128_000, maxTokens: 16_384 }),
    ],
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    api: 'anthropic-messages',
    baseUrl: 'https://api.anthropic.com/v1',
    keyVariables: ['ANTHROPIC_API_KEY'],
    baseUrlVariable: 'ANTHROPIC_BASE_URL',
    models: [
      image('claude-sonnet-4-6', 'Claude Sonnet 4.6', { reasoning: true, contextWindow: 200_000, maxTokens: 64_000 }),
      image('claude-opus-4-8', 'Claude Opus 4.8', { reasoning: true, contextWindow: 200_000, maxTokens: 64_000 }),
      image('claude-haiku-4-5', 'Claude Haiku 4.5', { reasoning: true, contextWindow: 200_000, maxTokens: 64_000 }),
    ],
  },
  {
    id: 'google',
    name: 'Google Gemini',
    api: 'google-generative-ai',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    keyVariables: ['GEMINI_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY', 'GOOGLE_API_KEY'],
    baseUrlVariable: 'GOOGLE_GEMINI_BASE_URL',
    models: [
      image('gemini-flash-latest', 'Gemini Flash', { reasoning: true, contextWindow: 1_048_576, maxTokens: 65_536 }),
      image('gemini-pro-latest', 'Gemini Pro', { reasoning: true, contextWindow: 1_048_576, maxTokens: 65_536 }),
      image('gemini-flash-lite-latest', 'Gemini Flash-Lite', { reasoning: true, contextWindow: 1_048_576, maxTokens: 65_536 }),
    ],
  },
  host(
    ['openrouter', 'OpenRouter', 'https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY'],
    [text('openrouter/auto', 'OpenRouter Auto', { contextWindow: 128_000 })],
  ),
  host(
    ['groq', 'Groq', 'https://api.groq.com/openai/v1', 'GROQ_API_KEY'],
    [
      text('llama-3.3-70b-versatile', 'Llama 3.3 70B', { contextWindow: 131_072, maxTokens: 32_768 }),
      text('openai/gpt-oss-120b', 'GPT OSS 120B', { reasoning: true, contextWindow: 131_072, maxTokens: 65_536 }),
    ],
  ),
  host(
    ['mistral', 'Mistral', 'https://api.mistral.ai/v1', 'MISTRAL_API_KEY'],
    [
      image('mistral-medium-latest', 'Mistral Medium', { contextWindow: 131_072 }),
      text('mistral-large-latest', 'Mistral Large', { contextWindow: 131_072 }),
      image('mistral-small-latest', 'Mistral Small', { contextWindow: 131_072 }),
    ],
  ),
  host(
    ['deepseek', 'DeepSeek', 'https://api.deepseek.com/v1', 'DEEPSEEK_API_KEY'],
    [
      text('deepseek-chat', 'DeepSeek Chat', { contextWindow: 128_000, maxTokens: 8_192 }),
      text('deepseek-reasoner', 'DeepSeek Reasoner', { reasoning: true, contextWindow: 128_000, maxTokens: 65_536 }),
    ],
  ),
  host(
    ['xai', 'xAI', 'https://api.x.ai/v1', 'XAI_API_KEY'],
    [
      image('grok-4', 'Grok 4', { reasoning: true, contextWindow: 256_000 }),
      text('grok-3-mini', 'Grok 3 mini', { reasoning: true, contextWindow: 131_072 }),
    ],
  ),
  host(
    ['together', 'Together AI', 'https://api.together.xyz/v1', 'TOGETHER_API_KEY'],
    [text('meta-llama/Llama-3.3-70B-Instruct-Turbo', 'Llama 3.3 70B', { contextWindow: 131_072 })],
  ),
];

/** A model server on this machine at its default port. All of them speak chat completions without a key. */
export interface LocalServer {
  readonly id: 'ollama' | 'lmstudio' | 'llamacpp' | 'vllm';
  readonly name: string;
  /** On 127.0.0.1. */
  readonly port: number;
}

/** In order of preference for the default model. */
export const LOCAL_SERVERS: readonly LocalServer[] = [
  { id: 'ollama', name: 'Ollama', port: 11_434 },
  { id: 'lmstudio', name: 'LM Studio', port: 1_234 },
  { id: 'llamacpp', name: 'llama.cpp', port: 8_080 },
  { id: 'vllm', name: 'vLLM', port: 8_000 },
];

/** Ids that a configuration may name without an entry in `models.json`. */
export const BUILT_IN_PROVIDERS: readonly string[] = [
  GUIDE_PROVIDER,
  ...KNOWN_PROVIDERS.map(({ id }) => id),
  ...LOCAL_SERVERS.map(({ id }) => id),
];

/** Returns both parts of `provider/model`; a model's name may itself contain slashes. Without a slash there is no provider. */
export function splitRef(ref: string): { readonly providerId: string; readonly modelId: string } {
  const slash = ref.indexOf('/');
  return { providerId: ref.slice(0, Math.max(slash, 0)), modelId: ref.slice(slash + 1) };
}
