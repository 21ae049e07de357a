/** Providers that an environment variable switches on, without any configuration. */
import type { ApiKind, ModelConfig } from '../../../shared/config/models-schema.js';

export interface KnownProvider {
  readonly id: string;
  readonly name: string;
  readonly api: ApiKind;
  readonly baseUrl: string;
  readonly keyVariable: string;
  /** Names another server of the same API, with models of its own. */
  readonly baseUrlVariable: string;
  /** The first one is the default. */
  readonly models: readonly ModelConfig[];
}

export const KNOWN_PROVIDERS: readonly KnownProvider[] = [
  {
    id: 'openai',
    name: 'OpenAI',
    api: 'openai-completions',
    baseUrl: 'https://api.openai.com/v1',
    keyVariable: 'OPENAI_API_KEY',
    baseUrlVariable: 'OPENAI_BASE_URL',
    models: [
      { id: 'gpt-5-mini', name: 'GPT-5 mini', reasoning: true, input: ['text', 'image'], contextWindow: 400_000, maxTokens: 128_000 },
      { id: 'gpt-5', name: 'GPT-5', reasoning: true, input: ['text', 'image'], contextWindow: 400_000, maxTokens: 128_000 },
      { id: 'gpt-4.1', name: 'GPT-4.1', input: ['text', 'image'], contextWindow: 1_047_576, maxTokens: 32_768 },
      { id: 'gpt-4o-mini', name: 'GPT-4o mini', input: ['text', 'image'], contextWindow: 128_000, maxTokens: 16_384 },
    ],
  },
];
