/** The status document: built by the supervisor, shown by the CLI, by `GET /api/status` and by the page. New fields may be added. */
import * as z from 'zod';
import { type Answer, okStatus, whyFields } from '../fields.js';

/** Unknown fields are kept, because a newer supervisor may send more; the type lists only the known ones. */
const growing = <Shape extends z.ZodRawShape>(shape: Shape) => z.looseObject(shape) as unknown as z.ZodObject<Shape>;

const warning = () =>
  growing({
    /** Stable, e.g. `CONFIG_INVALID`, `NEWER_BUILD`. */
    code: z.string(),
    message: z.string(),
    ...whyFields(),
    hint: z.string().optional(),
  });

const channel = () => growing({ state: z.enum(['off', 'starting', 'running', 'backoff', 'failed']), message: z.string().optional() });

const worker = () =>
  growing({
    pid: z.int(),
    instanceId: z.string(),
    version: z.string(),
    startedAt: z.iso.datetime(),
    rssBytes: z.int().nullable(),
    connections: z.int().nullable(),
    inFlight: z.int().nullable(),
    /** By account label, as last reported by the worker. */
    channels: z.record(z.string(), channel()),
  });

const exit = () =>
  growing({
    at: z.iso.datetime(),
    pid: z.int(),
    code: z.int().nullable(),
    signal: z.string().nullable(),
    /**
     * Readable reason: `exited with code 1: Error: …` with the reported cause or the last output, `killed by SIGKILL`, `out of
     * memory`, `did not answer for 15 s`.
     */
    reason: z.string(),
    ...whyFields(),
    /** The end of the worker's raw output, control characters escaped; at most 2 KiB here (64 KiB in the log). */
    output: z.string(),
  });

const issue = () =>
  growing({
    /** Stable while the issue lasts: `crashes`, `channel:telegram`, or the code of a warning. */
    id: z.string(),
    /** `error`: a part does not work; `warning`: it works only partly, or failed recently. */
    severity: z.enum(['error', 'warning']),
    /** The account (`telegram:family`), provider or job concerned. */
    name: z.string().optional(),
    /** One or two sentences for people. */
    text: z.string(),
    ...whyFields(),
    /** What to do, or where to look. */
    action: z.string().nullable(),
  });

/** Based on the last hour and on current problems. */
const gatewayHealth = () =>
  growing({
    /** `down`: no worker accepts connections; `degraded`: there are issues. */
    state: z.enum(['healthy', 'degraded', 'down']),
    /** When the gateway entered that state, to the minute; not before the start of the supervisor. */
    since: z.iso.datetime(),
    /** Errors first. */
    issues: z.array(issue()),
    /** Kept on disk, so that it covers restarts of the gateway and crashes of the supervisor. */
    last24Hours: growing({
      /** The start of the period, or of its known part. */
      since: z.iso.datetime(),
      /** Workers that died while they served, and supervisors that ended without a stop. */
      crashes: z.int(),
      /** Planned ones, successions included. */
      restarts: z.int(),
      /** How long no worker accepted connections, stops included. */
      downMs: z.number().min(0),
      /** Events in this period, newest first, at most 50. `start`: after a stop. Missing from a supervisor of an older build. */
      events: z.array(growing({ at: z.iso.datetime(), type: z.enum(['crash', 'restart', 'stop', 'start']) })).optional(),
    }),
  });

/** A gateway that shares a PostgreSQL database with others. */
const node = () =>
  growing({
    /** The node's host and data directory. */
    name: z.string(),
    version: z.string(),
    /** Where it listens; null before it does. */
    address: z.string().nullable(),
    /** Missing from a node of an older build. */
    build: z.string().optional(),
    /** When its worker started, and when the worker last renewed its membership, by the database's clock. */
    since: z.iso.datetime(),
    renewedAt: z.iso.datetime(),
    /** Fingerprints of its agents, channels, models and retention, separated by `-`; nodes with the same settings have the same value. */
    settings: z.string(),
    /** Whether this is the node that answers. */
    isSelf: z.boolean(),
  });

export const statusResponse = () =>
  growing({
    status: okStatus(),
    state: z.enum(['stopped', 'starting', 'running', 'backoff', 'draining', 'failed']),
    desired: z.enum(['up', 'down']),
    ready: z.boolean(),
    pid: z.int(),
    instanceId: z.string(),
    version: z.string(),
    /** The running build id and the one on disk; they differ between an upgrade and the next `restart`. */
    build: growing({ running: z.string(), installed: z.string() }),
    startedAt: z.iso.datetime(),
    uptimeMs: z.number().min(0),
    host: z.string(),
    port: z.int(),
    urls: z.array(z.string()),
    home: z.string(),
    configPath: z.string(),
    logPath: z.string(),
    /** Source of each value in effect: `flag`, `env`, `file` or `default`. */
    sources: z.record(z.string(), z.string()),
    supervisedBy: z.string().nullable(),
    auth: growing({ enabled: z.boolean(), tokenHint: z.string().nullable() }),
    worker: worker().nullable(),
    draining: z.array(growing({ pid: z.int(), since: z.iso.datetime() })),
    restarts: growing({ planned: z.int(), crashes: z.int() }),
    lastExit: exit().nullable(),
    nextAttemptAt: z.iso.datetime().nullable(),
    fallback: z.boolean(),
    warnings: z.array(warning()),
    /** All gateways on the same PostgreSQL database; missing with SQLite. */
    nodes: z.array(node()).optional(),
    /** Missing from a supervisor of an older build. */
    health: gatewayHealth().optional(),
  });

type Immutable<T> = T extends object ? { readonly [Key in keyof T]: Immutable<T[Key]> } : T;

export type StatusDocument = Immutable<Answer<typeof statusResponse>>;
export type GatewayState = StatusDocument['state'];
export type StatusWarning = StatusDocument['warnings'][number];
export type NodeStatus = NonNullable<StatusDocument['nodes']>[number];
export type GatewayHealth = NonNullable<StatusDocument['health']>;
export type StatusIssue = GatewayHealth['issues'][number];
export type WorkerStatus = NonNullable<StatusDocument['worker']>;
export type ChannelStatus = WorkerStatus['channels'][string];
export type ExitRecord = NonNullable<StatusDocument['lastExit']>;
