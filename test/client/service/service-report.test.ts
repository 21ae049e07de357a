import { expect, test } from 'vitest';
import { absentReport, renderServiceReport } from '../../../client/service/service-report.js';
import { GatewayError } from '../../../shared/errors.js';
import { makeServicePlan } from '../../helpers/service-plan.js';

const report = {
  installed: false,
  manager: 'systemd',
  service: 'xopc-gateway',
  state: {
    isRegistered: false,
    isEnabled: false,
    activity: 'inactive' as const,
    pid: null,
    restarts: 0,
    lastExitCode: null,
    description: 'inactive (dead)',
  },
  serving: false,
  gateway: null,
  files: [],
  program: null,
  socket: null,
  warnings: [],
  concerns: [],
  others: [],
};

test('without a service the headline comes first, then what to do', () => {
  expect(renderServiceReport(report)).toBe(
    '⚪ Gateway is not installed as a service\n📝 Management:\n   xopc gateway install         # Install and start it',
  );
});

test('a service whose registration was lost is started, which keeps its options', () => {
  const { program } = makeServicePlan();
  expect(renderServiceReport({ ...report, program })).toContain('xopc gateway service-start   # Start it');
});

test('where there is no service manager either, the headline is followed by the reason', () => {
  const error = new GatewayError('UNAVAILABLE', {
    message: 'this machine does not run systemd',
    hint: 'Start it with: xopc gateway start',
  });
  expect(absentReport(error)).toEqual({
    document: { installed: false, serving: false, reason: 'this machine does not run systemd' },
    text: '⚪ Gateway is not installed as a service\n   this machine does not run systemd\n   Start it with: xopc gateway start',
  });
});
