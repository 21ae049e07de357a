import { expect, test } from 'vitest';
import { reinstallCommand } from '../../../../client/service/plan/reinstall-command.js';
import { makeServicePlan } from '../../../helpers/service-plan.js';

test.each([
  { plan: {}, command: 'xopc gateway install' },
  { plan: { port: 81, host: '::1' }, command: 'xopc gateway install --port 81 --host ::1' },
  { plan: { socket: { host: '0.0.0.0', port: 18_790 } }, command: 'xopc gateway install --socket' },
  { plan: { configPath: '/srv/work.json' }, command: 'xopc gateway install --config /srv/work.json' },
  { plan: { configPath: "/srv/it's work.json" }, command: "xopc gateway install --config '/srv/it'\\''s work.json'" },
  {
    plan: { program: { runtime: 'binary' as const, path: '/opt/xopc', nodePath: null } },
    command: 'xopc gateway install --runtime binary',
  },
])('an installation is brought up to date with its own options and configuration: $command', ({ plan, command }) => {
  expect(reinstallCommand(makeServicePlan(plan))).toBe(command);
});
