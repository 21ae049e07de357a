/** Plans of installations for tests of what is generated from them. */
import type { ServicePlan } from '../../client/service/plan/service-plan.js';

export function makeServicePlan(overrides: Partial<ServicePlan> = {}): ServicePlan {
  return {
    marker: 'systemd',
    home: '/home/ada/.xopc',
    configPath: null,
    launcherPath: '/home/ada/.xopc/service/launch',
    program: { runtime: 'node', path: '/opt/xopc', nodePath: '/usr/bin/node' },
    port: null,
    host: null,
    socket: null,
    drainTimeoutMs: 5_000,
    sandbox: 'full',
    ...overrides,
  };
}
