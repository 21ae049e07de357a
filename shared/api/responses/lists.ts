/** Lists of items and responses' parts, and the confirmations of deletions. */
import * as z from 'zod';
import { label, queryFlag, queryInteger } from '../fields.js';

export const responseQuery = () =>
  z.object({
    stream: queryFlag().default(false),
    /** The number of the last event that the caller has. */
    starting_after: queryInteger(0, 999_999_999).default(-1),
  });

export const itemListQuery = () =>
  z.object({
    after: label(200).optional(),
    limit: queryInteger(1, 100).default(20),
    order: z.enum(['asc', 'desc']).default('desc'),
  });

/** An item has the fields of its type, as in a request. */
export const listedItem = () => z.looseObject({ id: z.string(), type: z.string() });

export const itemList = () =>
  z.strictObject({
    object: z.literal('list'),
    data: z.array(listedItem()),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });

export const responseDeleted = () => z.strictObject({ id: z.string(), object: z.literal('response'), deleted: z.literal(true) });
