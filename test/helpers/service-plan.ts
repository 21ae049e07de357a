/** Plans of installations for tests of what is generated from them. */
import { dirname } from 'node:path';
import type { ServiceTarget } from '../../client/service/manager/service-manager.js';
import type { ServicePlan } from '../../client/service/plan/service-plan.js';

export function makeServicePlan(overrides: Partial<ServicePlan> = {}): ServicePlan {
  return {
    name: 'xopc-gateway',
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

/** What a manager is told of the gateway of such a plan. */
export function makeServiceTarget(overrides: Partial<ServiceTarget> = {}): ServiceTarget {
  const { home, configPath, launcherPath, name } = makeServicePlan();
  return {
    gateway: { home, configPath },
    names: { name, otherwise: `${name}-config-0123abcd` },
    directory: dirname(launcherPath),
    ...overrides,
  };
}
