import { expect, test } from 'vitest';
import { faultsOf } from '../../../../../webui/src/views/cron/form/faults.js';

test('what the gateway refuses is shown at the field of the form that holds it', () => {
  expect(faultsOf('no such channel', { field: 'channel' })).toEqual({ target: { message: 'no such channel' } });
  expect(faultsOf('no such agent', { field: 'agentId' })).toEqual({ agent: { message: 'no such agent' } });
  const issues = [
    { path: 'timeoutMs', message: "'timeoutMs' must be at least 1000" },
    { path: 'retries', message: "'retries' must be at most 20" },
  ];
  expect(faultsOf('Invalid body', { issues })).toEqual({
    timeout: { message: issues[0]?.message },
    retries: { message: issues[1]?.message },
  });
});

test.each([{ field: 'deleteAfterRun' }, {}])('a refusal with %j is of the form as a whole', (details) => {
  expect(faultsOf('refused', details)).toEqual({});
});
