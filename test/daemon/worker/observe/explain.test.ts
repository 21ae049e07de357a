import { expect, test } from 'vitest';
import { detailsFor, explainStatus } from '../../../../daemon/worker/observe/explain.js';
import type { StatusDocument } from '../../../../shared/api/gateway/status.js';
import { GatewayError } from '../../../../shared/errors.js';

const status = {
  state: 'running',
  lastExit: { reason: 'exited with code 1: Error: no such module' },
  warnings: [
    { code: 'STORE_UNAVAILABLE', message: '/data/xopc.db cannot be used: the disk is full (13)' },
    {
      code: 'CONFIG_INVALID',
      message: 'config.json:1:3 port is wrong',
      why: { code: 'config-problem', values: { place: '', problem: '' } },
    },
    { code: 'OTHER', message: 'a newer supervisor says this' },
  ],
  health: { state: 'degraded', issues: [{ id: 'job:j1', text: "The job 'Report' has failed 3 times in a row." }] },
} as unknown as StatusDocument;

test('the texts of a status get the codes that its maker did not know', () => {
  const { lastExit, warnings, health, state } = explainStatus(status);
  expect(state).toBe('running');
  expect(lastExit?.why).toEqual({ code: 'exit-code-cause', values: { code: '1', cause: 'Error: no such module' } });
  expect(warnings.map(({ why }) => why)).toEqual([
    { code: 'store-unusable', values: { place: '/data/xopc.db', cause: { code: 'fault-full', values: { detail: '13' } } } },
    { code: 'config-problem', values: { place: '', problem: '' } },
    undefined,
  ]);
  expect(health?.issues[0]?.why).toEqual({ code: 'issue-job', values: { name: 'Report', count: '3' } });
});

test('a supervisor of an older build reports no health', () => {
  const { health: _health, ...older } = status;
  expect(explainStatus({ ...older, lastExit: null })).toMatchObject({ lastExit: null, warnings: [{}, {}, {}] });
});

test('an error gets the code of its message, unless it has one or is hidden', () => {
  const message = 'the job was deleted';
  expect(detailsFor(new GatewayError('CONFLICT', { message }))).toEqual({ code: 'run-job-deleted', values: {} });
  expect(detailsFor(new GatewayError('CONFLICT', { message, details: { code: 'other', values: {} } }))).toEqual({});
  expect(detailsFor(new GatewayError('INTERNAL_ERROR', { message }))).toEqual({});
  expect(detailsFor(new GatewayError('CONFLICT', { message: 'what a vendor says' }))).toEqual({});
});
