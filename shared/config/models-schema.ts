/** `models.json`: providers and models beyond those enabled by environment variables. */
import * as z from 'zod';
import { MAX_SECRET_LENGTH } from './defaults.js';
import { httpUrl } from './fields.js';

export const API_KINDS = ['openai-completions', 'openai-responses', 'anthropic-messages', 'google-generative-ai'] as const;
export type ApiKind = (typeof API_KINDS)[number];

const model = z.strictObject({
  id: z.string().min(1).max(300),
  name: z.string().min(1).max(300).optional(),
  reasoning: z.boolean().optional(),
  input: z.array(z.enum(['text', 'image'])).optional(),
  contextWindow: z.int().min(1).optional(),
  maxTokens: z.int().min(1).optional(),
  /** US dollars per million tokens. */
  cost: z
    .strictObject({
      input: z.number().min(0).default(0),
      output: z.number().min(0).default(0),
      /** If not set, these tokens cost as much as other input. */
      cacheRead: z.number().min(0).optional(),
      cacheWrite: z.number().min(0).optional(),
    })
    .optional(),
});

const provider = z.strictObject({
  baseUrl: httpUrl,
  /** A key, or `${VAR}` from the environment; absent for servers that need none. */
  apiKey: z.string().min(1).max(MAX_SECRET_LENGTH).optional(),
  api: z.enum(API_KINDS).default('openai-completions'),
  headers: z.record(z.string().max(200), z.string().max(MAX_SECRET_LENGTH)).optional(),
  models: z.array(model).default([]),
  /** How long its models may send nothing. An agent's own limit takes precedence. */
  silenceTimeoutMs: z.int().min(1_000).max(3_600_000).optional(),
});

export const modelsSchema = z.strictObject({
  $schema: z.string().optional(),
  /** `replace` omits the providers known from the environment. */
  mode: z.enum(['merge', 'replace']).default('merge'),
  providers: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be lower-case letters, digits, dots, dashes or underscores'), provider)
    .default({}),
});

export type ModelsDocument = z.output<typeof modelsSchema>;
export type ProviderConfig = ModelsDocument['providers'][string];
export type ModelConfig = ProviderConfig['models'][number];
