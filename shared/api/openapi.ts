/** `GET /openapi.json`. */
import * as z from 'zod';

/** An OpenAPI 3.1 document. */
export const openApiResponse = () =>
  z.looseObject({ openapi: z.string(), info: z.looseObject({}), paths: z.record(z.string(), z.unknown()) });
