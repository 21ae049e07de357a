/** `GET /api/overview`: what waits, in numbers; beside `/api/status`, which is the supervisor's. */
import { z } from 'zod';
import { OUTGOING_STATUSES } from '../delivery-status.js';
import { okStatus, queryInteger } from './fields.js';

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

/** Query of `GET /api/overview/history`. */
export const overviewHistoryQuery = () =>
  z.strictObject({ hours: queryInteger(1, 168).optional(), stepMinutes: queryInteger(1, 240).optional() });

/** `down`: nothing lived in any minute of it; `partly`: in some; `unknown`: nothing was kept then. */
const bucket = () =>
  z.strictObject({
    at: z.iso.datetime(),
    state: z.enum(['up', 'partly', 'down', 'unknown']),
    downMinutes: count(),
    /** Workers that began. */
    starts: count(),
    requests: count(),
    failedRequests: count(),
    turns: count(),
    failedTurns: count(),
    inputTokens: count(),
    outputTokens: count(),
    /** By how much the worker's loop was late at most. */
    lateMs: count(),
    rssBytes: count(),
  });

const failure = () =>
  z.strictObject({
    kind: z.enum(['turn', 'run', 'message']),
    id: z.string(),
    at: z.iso.datetime(),
    state: z.string(),
    error: z.string().nullable(),
    session: z.string().nullable(),
    job_id: z.string().nullable(),
    /** Of the job, the session or the chat. */
    name: z.string().nullable(),
  });

export const overviewHistoryResponse = () =>
  z.strictObject({
    status: okStatus(),
    stepMinutes: count(),
    /** Since when samples are kept; null before the first. */
    knownSince: z.iso.datetime().nullable(),
    /** Oldest first; the last one goes on. */
    buckets: z.array(bucket()),
    /** Newest first, at most 20. */
    failures: z.array(failure()),
  });
