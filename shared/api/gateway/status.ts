/** `GET /api/status`: the supervisor's status document (`shared/control/messages.ts`), which may grow. */
import * as z from 'zod';
import { okStatus } from '../fields.js';

const state = () => z.enum(['stopped', 'starting', 'running', 'backoff', 'draining', 'failed']);
const warning = () => z.looseObject({ code: z.string(), message: z.string(), hint: z.string().optional() });
const channel = () => z.looseObject({ state: z.enum(['off', 'starting', 'running', 'backoff', 'failed']), message: z.string().optional() });

const worker = () =>
  z.looseObject({
    pid: z.int(),
    instanceId: z.string(),
    version: z.string(),
    startedAt: z.iso.datetime(),
    rssBytes: z.int().nullable(),
    connections: z.int().nullable(),
    inFlight: z.int().nullable(),
    channels: z.record(z.string(), channel()),
  });

const exit = () =>
  z.looseObject({
    at: z.iso.datetime(),
    pid: z.int(),
    code: z.int().nullable(),
    signal: z.string().nullable(),
    reason: z.string(),
    output: z.string(),
  });

export const statusResponse = () =>
  z.looseObject({
    status: okStatus(),
    state: state(),
    desired: z.enum(['up', 'down']),
    ready: z.boolean(),
    pid: z.int(),
    instanceId: z.string(),
    version: z.string(),
    build: z.looseObject({ running: z.string(), installed: z.string() }),
    startedAt: z.iso.datetime(),
    uptimeMs: z.number().min(0),
    host: z.string(),
    port: z.int(),
    urls: z.array(z.string()),
    auth: z.looseObject({ enabled: z.boolean(), tokenHint: z.string().nullable() }),
    worker: worker().nullable(),
    restarts: z.looseObject({ planned: z.int(), crashes: z.int() }),
    lastExit: exit().nullable(),
    nextAttemptAt: z.iso.datetime().nullable(),
    warnings: z.array(warning()),
  });
