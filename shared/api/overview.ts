/** `GET /api/overview`: what waits, in numbers; beside `/api/status`, which is the supervisor's. */
import { z } from 'zod';
import { OUTGOING_STATUSES } from '../delivery-status.js';
import { okStatus } from './fields.js';

const count = () => z.int().min(0);

export const overviewResponse = () =>
  z.strictObject({
    status: okStatus(),
    /** Messages to chats that have not arrived, by their status. */
    outbox: z.partialRecord(z.enum(OUTGOING_STATUSES), count()),
    /** How late the worker's own loop was, over the last minute at most. */
    eventLoopDelayMs: z.strictObject({ p50: z.number().min(0), p99: z.number().min(0), max: z.number().min(0) }),
    memoryBytes: z.strictObject({ rss: count(), heapUsed: count() }),
    /** Of the file system that holds the database; null where it cannot be told. */
    disk: z.strictObject({ freeBytes: count(), totalBytes: count() }).nullable(),
    databaseBytes: count().nullable(),
  });
