/** `GET /api/overview`: metrics of the worker. For the supervisor's, see `/api/status`. */
import * as z from 'zod';
import { OUTGOING_STATUSES } from '../../delivery-status.js';
import { okStatus, queryInteger, type Answer, whyFields, count } from '../fields.js';

export const overviewResponse = () =>
  z.strictObject({
    status: okStatus(),
    /** Undelivered messages to chats, by status. */
    outbox: z.partialRecord(z.enum(OUTGOING_STATUSES), count()),
    /** Delay of the worker's event loop since the last request, over one minute at most. */
    eventLoopDelayMs: z.strictObject({ p50: z.number().min(0), p99: z.number().min(0), max: z.number().min(0) }),
    memoryBytes: z.strictObject({ rss: count(), heapUsed: count() }),
    /** The file system that holds the database; null if it cannot be read. */
    disk: z.strictObject({ freeBytes: count(), totalBytes: count() }).nullable(),
    databaseBytes: count().nullable(),
  });

/** Query of `GET /api/overview/history`. */
export const overviewHistoryQuery = () =>
  z.strictObject({ hours: queryInteger(1, 168).optional(), stepMinutes: queryInteger(1, 240).optional() });

/** `down`: no worker ran in any minute of it; `partly`: a worker ran in some minutes; `unknown`: there are no samples for that time. */
const bucket = () =>
  z.strictObject({
    at: z.iso.datetime(),
    state: z.enum(['up', 'partly', 'down', 'unknown']),
    downMinutes: count(),
    /** Number of worker starts. */
    starts: count(),
    requests: count(),
    failedRequests: count(),
    turns: count(),
    failedTurns: count(),
    inputTokens: count(),
    outputTokens: count(),
    /** Maximum event loop delay of the worker. */
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
    ...whyFields(),
    session: z.string().nullable(),
    job_id: z.string().nullable(),
    /** Id of the job, the session or the chat. */
    name: z.string().nullable(),
  });

export const overviewHistoryResponse = () =>
  z.strictObject({
    status: okStatus(),
    stepMinutes: count(),
    /** Time of the first sample; null before there is one. */
    knownSince: z.iso.datetime().nullable(),
    /** Oldest first; the last one is still in progress. */
    buckets: z.array(bucket()),
    /** Newest first, at most 20. */
    failures: z.array(failure()),
  });

export type Overview = Answer<typeof overviewResponse>;
export type OverviewHistoryQuery = z.output<ReturnType<typeof overviewHistoryQuery>>;
export type OverviewHistory = Answer<typeof overviewHistoryResponse>;
