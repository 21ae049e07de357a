/** `GET /api/providers`, `POST /api/providers/test` and `GET /api/models`. */
import { z } from 'zod';
import { API_KINDS } from '../config/models-schema.js';
import { httpUrl } from '../config/http-url.js';
import { label, okStatus } from './fields.js';

export const providersResponse = () =>
  z.strictObject({
    status: okStatus(),
    providers: z.array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        api: z.string(),
        baseUrl: z.string(),
        configured: z.boolean(),
        source: z.string(),
      }),
    ),
  });

/**
 * Body of `POST /api/providers/test`: a provider by its `id` as it is set up, or one that is not saved yet. The stored
 * key is used where none is given, towards its own server only.
 */
export const providerTestRequest = () =>
  z.strictObject({
    id: label(64).optional(),
    baseUrl: httpUrl.optional(),
    apiKey: label(4_096).optional(),
    api: z.enum(API_KINDS).optional(),
    /** The provider must have this model. */
    model: label(200).optional(),
  });

export const providerTestResponse = () =>
  z.strictObject({
    status: okStatus(),
    ok: z.boolean(),
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
    message: z.string(),
    latencyMs: z.int().min(0),
    httpStatus: z.int().nullable(),
    models: z.array(z.string()),
    suggestedBaseUrl: z.string().nullable(),
  });

const price = () => z.number().min(0);

export const modelsResponse = () =>
  z.strictObject({
    status: okStatus(),
    models: z.array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        provider: z.string(),
        contextWindow: z.int().nullable(),
        maxTokens: z.int().nullable(),
        reasoning: z.boolean(),
        input: z.array(z.string()),
        /** US dollars per million tokens; null where no price is known. */
        cost: z.strictObject({ input: price(), output: price(), cacheRead: price(), cacheWrite: price() }).nullable(),
      }),
    ),
  });
