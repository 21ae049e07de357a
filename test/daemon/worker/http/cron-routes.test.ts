import { expect, test } from 'vitest';
import * as api from '../../../../shared/api/cron.js';
import { startHttpApp } from '../../../helpers/http-app.js';

const job = { schedule: '0 9 * * *', message: 'hi', channel: 'webchat', chat_id: 'me' };

test.each([
  ['GET', '/api/cron', undefined, api.cronListResponse, 'cron.list', {}],
  ['GET', '/api/cron?include=words', undefined, api.cronListResponse, 'cron.list', { include: ['words'] }],
  ['GET', '/api/cron?deleted=true', undefined, api.cronListResponse, 'cron.list', { deleted: true }],
  ['POST', '/api/cron/create', job, api.cronJobResponse, 'cron.create', job],
  ['POST', '/api/cron/trigger', { job_id: 'job_1' }, api.cronTriggerResponse, 'cron.trigger', 'job_1'],
  ['POST', '/api/cron/job_1/toggle', undefined, api.cronJobResponse, 'cron.toggle', 'job_1'],
  ['PATCH', '/api/cron/job_1', { retries: 0 }, api.cronJobResponse, 'cron.update', { id: 'job_1', retries: 0 }],
  ['DELETE', '/api/cron/job_1', undefined, api.cronDeleteResponse, 'cron.delete', 'job_1'],
  ['POST', '/api/cron/job_1/restore', undefined, api.cronJobResponse, 'cron.restore', 'job_1'],
  ['GET', '/api/cron/job_1/runs?limit=5', undefined, api.cronRunsResponse, 'cron.runs', { id: 'job_1', limit: 5 }],
  [
    'GET',
    '/api/cron/preview?schedule=0+9+*+*+*&count=3',
    undefined,
    api.cronPreviewResponse,
    'cron.preview',
    { schedule: '0 9 * * *', count: 3 },
  ],
])('%s %s answers the documented shape', async (...[method, path, body, schema, name, input]) => {
  const { send, services } = await startHttpApp();
  const answer = await send(path, { method, ...(body === undefined ? {} : { body }) });
  expect(answer.status).toBe(200);
  expect(schema().safeParse(answer.json).error).toBeUndefined();
  expect(services.calls).toEqual([{ name, input }]);
});

test.each([
  ['POST', '/api/cron/create', { message: 'hi' }],
  ['POST', '/api/cron/create', { ...job, unknown: 1 }],
  ['POST', '/api/cron/create', { ...job, mode: 'shell' }],
  ['PATCH', '/api/cron/job_1', { timeoutMs: 1 }],
  ['PATCH', '/api/cron/job_1', { activeHours: '08:00-22:00' }],
  ['PATCH', '/api/cron/job_1', { activeHours: { from: '8:00', to: '22:00' } }],
  ['PATCH', '/api/cron/job_1', { activeHours: { from: '08:00', to: '22:00', zone: 'UTC' } }],
  ['PATCH', '/api/cron/job_1', { activeHours: { from: '08:00', to: '22:00', days: [2, 1] } }],
  ['PATCH', '/api/cron/job_1', { activeHours: { from: '08:00', to: 'x'.repeat(500_000) } }],
  ['POST', '/api/cron/trigger', {}],
  ['GET', '/api/cron?include=everything', undefined],
  ['GET', '/api/cron/preview?timezone=UTC', undefined],
])('%s %s with %j is refused before the service is asked', async (method, path, body) => {
  const { send, services } = await startHttpApp();
  expect(await send(path, { method, ...(body === undefined ? {} : { body }) })).toMatchObject({
    status: 400,
    json: { error: { code: 'INVALID_REQUEST' } },
  });
  expect(services.calls).toEqual([]);
});

test('a job that is not there is answered with 404 JOB_NOT_FOUND', async () => {
  const { send } = await startHttpApp();
  expect(await send('/api/cron/job_none', { method: 'DELETE' })).toMatchObject({ status: 404, json: { error: { code: 'JOB_NOT_FOUND' } } });
});

test.each([
  ['GET', '/api/cron', undefined],
  ['POST', '/api/cron/create', job],
  ['PATCH', '/api/cron/job_1', { retries: 0 }],
  ['POST', '/api/cron/job_1/toggle', { enabled: true }],
  ['POST', '/api/cron/job_1/restore', undefined],
])('%s %s warns while no job runs', async (method, path, body) => {
  const { send, services } = await startHttpApp();
  Object.assign(services.cron, { warning: () => 'scheduled jobs are disabled' });
  const { json } = await send(path, { method, ...(body === undefined ? {} : { body }) });
  expect(json).toMatchObject({ status: 'ok', warning: 'scheduled jobs are disabled' });
});
