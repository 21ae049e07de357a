/** `GET /api/providers`, `POST /api/providers/test`, `GET /api/models` and `POST /api/models/ask`. */
import * as z from 'zod';
import { API_KINDS } from '../config/models-schema.js';
import { MAX_SECRET_LENGTH } from '../config/defaults.js';
import { httpUrl } from '../config/fields.js';
import { health, label, okStatus, reasonFields, count, instant } from './fields.js';

/** Statistics of calls by turns and programs; each attempt counts. Connection tests and calls that the caller stopped do not count. */
const callFields = () => ({
  health: health(),
  lastHour: z.strictObject({
    calls: count(),
    failures: count(),
    lastSuccessAt: instant().nullable(),
    lastFailure: z.strictObject({ at: instant(), message: z.string(), ...reasonFields() }).nullable(),
    /** Median time until the first output, of at most the last 1,000 calls of all models. */
    firstTokenMs: count().nullable(),
  }),
});

const providerDocument = () =>
  z.strictObject({
    id: z.string(),
    name: z.string(),
    api: z.string(),
    baseUrl: z.string(),
    /** Whether it is fully configured: a key is set if one is required. */
    configured: z.boolean(),
    /** `models.json`, or the environment variable that enabled it. */
    source: z.string(),
    ...callFields(),
  });
export type ProviderDocument = z.output<ReturnType<typeof providerDocument>>;
export type CallFacts = Pick<ProviderDocument, 'health' | 'lastHour'>;

export const providersResponse = () => z.strictObject({ status: okStatus(), providers: z.array(providerDocument()) });

/**
 * Body of `POST /api/providers/test`: a configured provider by its `id`, or one that is not saved yet. Without a key the stored one is
 * used, but only for that provider's own server.
 */
export const providerTestRequest = () =>
  z.strictObject({
    id: label(64).optional(),
    baseUrl: httpUrl.optional(),
    apiKey: label(MAX_SECRET_LENGTH).optional(),
    api: z.enum(API_KINDS).optional(),
    /** The provider must have this model. */
    model: label(200).optional(),
  });

export type ProviderTest = z.output<ReturnType<typeof providerTestRequest>>;

export const providerTestResponse = () =>
  z.strictObject({
    status: okStatus(),
    ok: z.boolean(),
    /**
     * `unauthorized`: 401 or 403; `dns`: host not found; `refused`: connection refused; `tls`: the certificate is not trusted, or no TLS;
     * `wrongPath`: 404 or an HTML page, so the base URL is wrong; `notTheApi`: a response without a list of models; `rateLimited`: 429;
     * `overloaded`: 5xx; `rejected`: another 4xx; `modelMissing`: the provider lacks the model; `unreachable`: otherwise.
     */
    cause: z
      .enum([
        'unauthorized',
        'dns',
        'refused',
        'tls',
        'timeout',
        'unreachable',
        'wrongPath',
        'notTheApi',
        'rateLimited',
        'overloaded',
        'rejected',
        'modelMissing',
      ])
      .nullable(),
    /** What happened and what to do. */
    message: z.string(),
    latencyMs: z.int().min(0),
    /** Null if there was no response. */
    httpStatus: z.int().nullable(),
    models: z.array(z.string()),
    /** A working base URL, if the given one does not work. */
    suggestedBaseUrl: z.string().nullable(),
  });

export type ProviderTestResult = Omit<z.output<ReturnType<typeof providerTestResponse>>, 'status'>;

const price = () => z.number().min(0);

const modelDocument = () =>
  z.strictObject({
    /** `provider/model`. */
    id: z.string(),
    name: z.string(),
    provider: z.string(),
    contextWindow: z.int().nullable(),
    maxTokens: z.int().nullable(),
    reasoning: z.boolean(),
    input: z.array(z.string()),
    /** US dollars per million tokens; null if no price is known. */
    cost: z.strictObject({ input: price(), output: price(), cacheRead: price(), cacheWrite: price() }).nullable(),
    ...callFields(),
  });
export type ModelDocument = z.output<ReturnType<typeof modelDocument>>;
/** Data about a model that is known without calling it. */
export type ModelInfo = Omit<ModelDocument, keyof CallFacts>;

export const modelsResponse = () =>
  z.strictObject({
    status: okStatus(),
    models: z.array(modelDocument()),
    /** `provider/model` that each enabled agent uses if nothing else is chosen; the default agent first. */
    defaults: z.array(z.strictObject({ agentId: z.string(), model: z.string() })),
    /** `provider/model` that transcribes recordings, and their maximum length; null if none is set. */
    transcription: z.strictObject({ model: z.string(), maxSeconds: count() }).nullable(),
  });
export type ModelList = Omit<z.output<ReturnType<typeof modelsResponse>>, 'status'>;

/** Body of `POST /api/models/ask`: `provider/model`, or the id of an agent, as below `/v1`. */
export const modelAskRequest = () => z.strictObject({ model: label(200) });

export const modelAskResponse = () => z.strictObject({ status: okStatus(), latencyMs: count() });
export type ModelAnswered = Omit<z.output<ReturnType<typeof modelAskResponse>>, 'status'>;
