import * as api from '../../../../shared/api/cron.js';
import { definedFields } from '../../../../shared/fields.js';
import { callerKey, IDEMPOTENCY_HEADER } from '../idempotency.js';
import { type Route, route } from '../route.js';
import type { RouteDeps, Services } from '../services.js';

const JOB = { scope: 'cron', params: { id: api.cronJobId }, errors: ['JOB_NOT_FOUND'] } as const;

const warningOf = (cron: Services['cron']) => definedFields({ warning: cron.warning() });

/** For the OpenAPI document: what `mayHaveRun` asks for. */
const accessNote = 'A job that sends to a chat needs `send` too, and one that asks an agent needs `chat`.';

export function cronRoutes({ services: { cron } }: RouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/cron',
      scope: 'cron',
      summary: 'List the scheduled jobs',
      query: api.cronListQuery,
      answer: api.cronListResponse,
      async handle(_ctx, { query }) {
        const jobs = await cron.list(query);
        return { status: 'ok', jobs, ...(query.include?.includes('next') ? { plan: await cron.plan() } : {}), ...warningOf(cron) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/cron/preview',
      scope: 'cron',
      summary: 'Describe a schedule in words and list its next times',
      errors: ['JOB_NOT_FOUND'],
      query: api.cronPreviewQuery,
      answer: api.cronPreviewResponse,
      handle: async (_ctx, { query }) => ({ status: 'ok', ...(await cron.preview(query)) }),
    }),
    route({
      method: 'GET',
      path: '/api/cron/plan',
      scope: 'cron',
      summary: 'List when each job runs in the next hours',
      query: api.cronPlanQuery,
      answer: api.cronPlanResponse,
      handle: async (_ctx, { query: { hours } }) => ({ status: 'ok', ...(await cron.plan(hours)) }),
    }),
    route({
      method: 'POST',
      path: '/api/cron/create',
      scope: 'cron',
      summary: 'Create a scheduled job',
      accessNote,
      errors: ['CHANNEL_NOT_FOUND', 'MODEL_NOT_FOUND'],
      headers: IDEMPOTENCY_HEADER,
      body: api.cronCreateRequest,
      answer: api.cronJobResponse,
      handle: async (ctx, { body }) => ({
        status: 'ok',
        job: await cron.create(body, callerKey(ctx), ctx.state.access),
        ...warningOf(cron),
      }),
    }),
    ...runRoutes(cron),
    ...jobRoutes(cron),
  ];
}

/** Routes of one job. */
function jobRoutes(cron: Services['cron']): Route[] {
  return [
    route({
      ...JOB,
      method: 'POST',
      path: '/api/cron/:id/toggle',
      summary: 'Enable a disabled job, or disable an enabled one; with `enabled`, set that state',
      accessNote,
      headers: IDEMPOTENCY_HEADER,
      body: api.cronToggleRequest,
      isBodyOptional: true,
      answer: api.cronJobResponse,
      handle: async (ctx, { params: { id }, body: { enabled } }) => ({
        status: 'ok',
        job: await cron.toggle(id, enabled, { caller: callerKey(ctx), access: ctx.state.access }),
        ...warningOf(cron),
      }),
    }),
    route({
      ...JOB,
      method: 'PATCH',
      path: '/api/cron/:id',
      summary: 'Change a scheduled job',
      accessNote,
      errors: ['JOB_NOT_FOUND', 'CHANNEL_NOT_FOUND', 'MODEL_NOT_FOUND'],
      body: api.cronPatchRequest,
      answer: api.cronJobResponse,
      handle: async (ctx, { params: { id }, body }) => ({
        status: 'ok',
        job: await cron.update(id, body, ctx.state.access),
        ...warningOf(cron),
      }),
    }),
    route({
      ...JOB,
      method: 'DELETE',
      path: '/api/cron/:id',
      summary: 'Delete a scheduled job with its history; it can be restored for seven days',
      answer: api.cronDeleteResponse,
      handle: async (_ctx, { params: { id } }) => ({ status: 'ok', ...(await cron.delete(id)) }),
    }),
    route({
      ...JOB,
      method: 'POST',
      path: '/api/cron/:id/restore',
      summary: 'Restore a scheduled job that was deleted in the last seven days, with its history',
      accessNote,
      errors: ['JOB_NOT_FOUND', 'CONFLICT'],
      answer: api.cronJobResponse,
      handle: async (ctx, { params: { id } }) => ({ status: 'ok', job: await cron.restore(id, ctx.state.access), ...warningOf(cron) }),
    }),
  ];
}

function runRoutes(cron: Services['cron']): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/cron/trigger',
      scope: 'cron',
      summary: 'Run a scheduled job now, or retry one of its failed runs',
      accessNote,
      errors: ['JOB_NOT_FOUND', 'NOT_FOUND'],
      headers: IDEMPOTENCY_HEADER,
      body: api.cronTriggerRequest,
      answer: api.cronTriggerResponse,
      async handle(ctx, { body }) {
        const asked = { runId: body.run_id, access: ctx.state.access, caller: callerKey(ctx) };
        const { runId } = await cron.trigger(body.job_id, asked);
        return { status: 'ok', message: 'Task triggered', run_id: runId };
      },
    }),
    route({
      ...JOB,
      method: 'GET',
      path: '/api/cron/:id/runs',
      summary: 'List the runs of a job, newest first',
      query: api.cronRunsQuery,
      answer: api.cronRunsResponse,
      handle: async (_ctx, { params: { id }, query }) => ({ status: 'ok', ...(await cron.runs(id, query)) }),
    }),
  ];
}
