import { expect, test } from 'vitest';
import { traceOf } from '../../../../../daemon/worker/http/observe/trace.js';
import { startHttpApp } from '../../../../helpers/http-app.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

test.each([
  [`00-${TRACE_ID}-${SPAN}-01`, TRACE_ID],
  [`01-${TRACE_ID}-${SPAN}-00-later`, TRACE_ID],
  [`00-${TRACE_ID}-${SPAN}-01-more`, undefined],
  [`ff-${TRACE_ID}-${SPAN}-01`, undefined],
  [`00-${'0'.repeat(32)}-${SPAN}-01`, undefined],
  [`00-${TRACE_ID}-${'0'.repeat(16)}-01`, undefined],
  [`00-${TRACE_ID.toUpperCase()}-${SPAN}-01`, undefined],
  ['<script>', undefined],
  ['', undefined],
])('traceparent %j is the trace %s', (traceparent, traceId) => {
  expect(traceOf({ headers: { traceparent } })).toEqual(traceId === undefined ? {} : { traceId });
});

test('a trace is found again in the log and in the error', async () => {
  const { send, lines } = await startHttpApp();
  const headers = { traceparent: `00-${TRACE_ID}-${SPAN}-01` };
  const answer = await send('/api/agent', { method: 'POST', headers, body: {} });
  expect(answer).toMatchObject({
    status: 400,
    json: { error: { code: 'INVALID_REQUEST', details: { traceId: TRACE_ID, issues: expect.anything() } } },
  });
  expect(await send('/api/nothing', { headers })).toMatchObject({ status: 404, json: { error: { details: { traceId: TRACE_ID } } } });
  await expect.poll(() => lines.filter(({ fields }) => fields['traceId'] === TRACE_ID).length).toBe(2);
  const plain = await send('/api/nothing');
  expect(JSON.stringify(plain.json)).not.toContain('traceId');
});
