/** `GET /api/providers` and `GET /api/models`. */
import { z } from 'zod';
import { okStatus } from './fields.js';

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
      }),
    ),
  });
