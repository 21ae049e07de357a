/** Which service a configuration has, among those of its home. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  hasEnabledLinger,
  readInstallRecord,
  recordOf,
  recordPath,
  refuseOccupied,
  serviceDirectory,
  serviceEnvPath,
} from '../../../../client/service/files/install-record.js';
import { claimPaths } from '../../../../shared/node/process/claim-paths.js';
import { type GatewayPaths, resolvePaths } from '../../../../shared/node/process/paths.js';
import { makeServicePlan } from '../../../helpers/service-plan.js';
import { tempDir } from '../../../helpers/temp-dir.js';

function pathsOf(home: string, configName = 'config.json'): GatewayPaths {
  return resolvePaths({ home, configPath: join(home, configName), runtimeDir: home });
}

interface Written {
  readonly name?: string | undefined;
  readonly enabledLinger?: boolean;
}

function writeRecord(paths: GatewayPaths, directory: string, { name, enabledLinger = false }: Written = {}): void {
  const { home, configPath } = paths;
  const plan = { ...makeServicePlan({ home, configPath, launcherPath: join(directory, 'launch') }), name };
  mkdirSync(directory, { recursive: true });
  writeFileSync(recordPath(directory), JSON.stringify({ v: 1, plan, enabledLinger, version: '1.0.0', installedAt: '' }));
}

/** A home with two configurations; `config.json` owns its data. */
function makeHome(): { home: string; first: GatewayPaths; second: GatewayPaths } {
  const home = tempDir();
  const first = claimPaths(pathsOf(home));
  return { home, first, second: claimPaths(pathsOf(home, 'work.json')) };
}

describe('the service of a configuration', () => {
  test('lies with its data, and its variables beside it', () => {
    const { home, first, second } = makeHome();
    expect([serviceDirectory(first), serviceEnvPath(first)]).toEqual([join(home, 'service'), join(home, 'service.env')]);
    expect(serviceDirectory(second)).toBe(join(second.dataDir, 'service'));
    writeRecord(first, serviceDirectory(first), { name: 'xopc-gateway' });
    writeRecord(second, serviceDirectory(second), { name: 'xopc-gateway-work-0123abcd' });
    expect([recordOf(first)?.plan.name, recordOf(second)?.plan.name]).toEqual(['xopc-gateway', 'xopc-gateway-work-0123abcd']);
  });

  test('is found where an earlier version installed it, with the name that all had', () => {
    const { home, first, second } = makeHome();
    writeRecord(second, join(home, 'service'));
    expect(recordOf(second)?.plan.name).toBe('xopc-gateway');
    expect([serviceDirectory(second), serviceEnvPath(second)]).toEqual([join(home, 'service'), join(home, 'service.env')]);
    expect(recordOf(first)).toBeUndefined();
    expect(() => refuseOccupied(second)).not.toThrow();
    expect(() => refuseOccupied(first)).toThrow(
      expect.objectContaining({
        code: 'CONFLICT',
        message: `${home}/service contains the service of another configuration: ${second.configPath}`,
        hint: expect.stringContaining(`xopc gateway install --config ${second.configPath}`) as string,
      }),
    );
  });

  test('is not that of the home which this one is a copy of', () => {
    const { home, first } = makeHome();
    writeRecord(first, serviceDirectory(first));
    const copy = join(tempDir(), 'copy');
    cpSync(home, copy, { recursive: true });
    const copied = pathsOf(copy);
    expect(readInstallRecord(serviceDirectory(copied))).toBeDefined();
    expect(recordOf(copied)).toBeUndefined();
    expect(() => refuseOccupied(copied)).not.toThrow();
  });
});

test('lingering that one installation turned on is known to the others, also in other homes', () => {
  const { home, first, second } = makeHome();
  const other = makeHome();
  writeRecord(first, serviceDirectory(first));
  expect(hasEnabledLinger(new Set([home, other.home, join(home, 'absent')]))).toBe(false);
  writeRecord(second, serviceDirectory(second), { enabledLinger: true });
  expect(hasEnabledLinger(new Set([home]))).toBe(true);
  expect(hasEnabledLinger(new Set([other.home]))).toBe(false);
  expect(dirname(second.dataDir)).toBe(join(home, 'gateways'));
});
