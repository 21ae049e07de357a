/** What a unit or an agent says of the gateway that it starts, and what follows for the service of this one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LaunchdManager } from '../../../../client/service/launchd/launchd-manager.js';
import { rivalsAmong } from '../../../../client/service/manager/other-units.js';
import type { ServiceManager } from '../../../../client/service/manager/service-manager.js';
import { SystemdManager } from '../../../../client/service/systemd/systemd-manager.js';
import { fakeTools } from '../../../helpers/fake-tools.js';
import { makeServicePlan, makeServiceTarget } from '../../../helpers/service-plan.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const session = { userName: 'ada', runtimeDir: '/run/user/1000', environment: {} };
const target = makeServiceTarget();
const ODD_HOME = `/home/it's 100% "a & <b>" \\ $HOME`;

const MANAGERS = [
  {
    marker: 'systemd',
    make: (directory: string): ServiceManager => new SystemdManager(target, { run: fakeTools().run, session, directory }),
  },
  {
    marker: 'launchd',
    make: (directory: string): ServiceManager => new LaunchdManager(target, { run: fakeTools().run, directory, uid: 501 }),
  },
] as const;

describe.each(MANAGERS)('the units of $marker', ({ marker, make }) => {
  /** Writes what an installation of this gateway would. */
  function write(manager: ServiceManager, plan: Partial<Parameters<typeof makeServicePlan>[0]>): void {
    for (const { path, text } of manager.files(makeServicePlan({ marker, ...plan }))) {
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, text);
    }
  }

  test.each([
    { what: 'nothing', plan: undefined, name: target.names.name },
    { what: 'the service of this gateway', plan: {}, name: target.names.name },
    { what: 'the service of another home', plan: { home: '/srv/bot' }, name: target.names.otherwise },
    { what: 'the service of another configuration', plan: { configPath: '/home/ada/.xopc/work.json' }, name: target.names.otherwise },
  ])('a new one gets a name of its own where the usual one is of $what', ({ plan, name }) => {
    const manager = make(tempDir());
    if (plan !== undefined) write(manager, plan);
    expect(manager.name).toBe(name);
    expect(manager.filePaths()[0]).toContain(name);
  });

  test('those of other gateways are known by home and configuration, and are not rivals', async () => {
    const manager = make(tempDir());
    const gateways = [
      { home: ODD_HOME, configPath: null },
      { home: target.gateway.home, configPath: `${ODD_HOME}/work.json` },
    ];
    for (const [index, gateway] of gateways.entries()) write(manager, { ...gateway, name: `xopc-gateway-${index}` });
    const others = await manager.others();
    expect(others.map(({ gateway }) => gateway)).toEqual(gateways);
    expect(rivalsAmong(others, target.gateway)).toEqual([]);
    write(manager, { name: 'my-xopc' });
    expect(rivalsAmong(await manager.others(), target.gateway)).toMatchObject([{ path: expect.stringContaining('my-xopc') as string }]);
  });
});

test('a unit written by hand is read too; one that names no home may start any gateway', async () => {
  const directory = tempDir();
  const manager = new SystemdManager(target, { run: fakeTools().run, session, directory });
  const write = (name: string, lines: string): void =>
    writeFileSync(join(directory, name), `[Service]\n${lines}\nExecStart=/usr/bin/xopc gateway\n`);
  write('a.service', 'Environment=A=1 XOPC_HOME=/srv/bot XOPC_CONFIG=/etc/bot.json');
  write('b.service', '');
  const others = await manager.others();
  expect(others.map(({ gateway }) => gateway)).toEqual([{ home: '/srv/bot', configPath: '/etc/bot.json' }, null]);
  expect(rivalsAmong(others, target.gateway).map(({ path }) => path)).toEqual([join(directory, 'b.service')]);
});

test.each([
  { lines: 'ExecStart=/usr/bin/xopc --config /etc/bot.json gateway --port 1', isGateway: true },
  { lines: 'ExecStart=/bin/sh -c "exec xopc gateway start"', isGateway: true },
  { lines: 'ExecStart=/bin/sh /home/ada/.xopc/service/launch', isGateway: true },
  { lines: 'ExecStart=/usr/bin/xopc \\\n  --config /etc/bot.json \\\n# the bot\n  gateway', isGateway: true },
  { lines: 'ExecStart=/usr/bin/xopc gateway \\\n  logs --follow', isGateway: false },
  { lines: 'Environment=XOPC_SERVICE_MARKER=systemd\nExecStart=/opt/start', isGateway: true },
  { lines: 'ExecStart=/usr/bin/xopc backup --to /srv/gateway', isGateway: false },
  { lines: 'ExecStart=/usr/bin/xopc gateway logs --follow', isGateway: false },
])('a unit counts by what it starts, not by its name: $lines', async ({ lines, isGateway }) => {
  const directory = tempDir();
  const manager = new SystemdManager(target, { run: fakeTools().run, session, directory });
  const path = join(directory, 'xopc-backup.service');
  writeFileSync(path, `[Service]\n${lines}\n`);
  expect((await manager.others()).some((other) => other.path === path)).toBe(isGateway);
});

test.each([
  { words: ['/usr/local/bin/xopc', 'gateway'], isGateway: true },
  { words: ['/usr/local/bin/xopc', '--config', '/etc/bot.json', 'gateway', 'start'], isGateway: true },
  { words: ['/bin/sh', '-lc', 'exec xopc gateway start'], isGateway: true },
  { words: ['/bin/sh', '-lc', 'xopc gateway'], isGateway: true },
  { words: ['/usr/local/bin/xopc', 'backup', '--to', '/srv/gateway'], isGateway: false },
  { words: ['/usr/local/bin/xopc', 'gateway', 'logs'], isGateway: false },
  { words: ['/bin/sh', '-lc', 'exec xopc gateway logs --follow'], isGateway: false },
])('an agent counts by what it starts: $words', async ({ words, isGateway }) => {
  const directory = tempDir();
  const manager = new LaunchdManager(target, { run: fakeTools().run, directory, uid: 501 });
  const path = join(directory, 'org.example.plist');
  const strings = words.map((word) => `    <string>${word}</string>\n`).join('');
  writeFileSync(path, `<dict>\n  <key>ProgramArguments</key>\n  <array>\n${strings}  </array>\n</dict>\n`);
  expect((await manager.others()).some((other) => other.path === path)).toBe(isGateway);
});
