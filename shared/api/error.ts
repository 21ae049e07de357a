/** The shape of every failure: `{ error: { code, message, requestId, hint?, details? } }`. */
import * as z from 'zod';
import { ERRORS, type ErrorCode } from '../errors.js';
import { reasonFields } from './fields.js';

export const errorResponse = () =>
  z.strictObject({
    error: z.strictObject({
      code: z.enum(Object.keys(ERRORS) as ErrorCode[]),
      /** What happened, with the value, and what to do; a fixed sentence for codes whose details are internal. */
      message: z.string().min(1),
      /** Also sent in the header `X-Request-Id` and written to the log. */
      requestId: z.string().min(1),
      /** What to do; also the last sentence of the message. */
      hint: z.string().optional(),
      details: z
        .looseObject({
          /** The rejected field or parameter. */
          field: z.string().optional(),
          ...reasonFields(),
          /** Issues of a body or a query, at most 20. */
          issues: z.array(z.strictObject({ path: z.string(), message: z.string(), ...reasonFields() })).optional(),
        })
        .optional(),
    }),
  });
export type ErrorResponse = z.output<ReturnType<typeof errorResponse>>;
