/** The installed service from installation to removal, with a real systemd. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StatusDocument } from '../../../shared/api/gateway/status.js';
import { freePort } from '../../helpers/free-port.js';
import { root, until } from '../../helpers/real-gateway.js';
import { ServiceGateway } from '../../helpers/service-gateway.js';
import { SystemdMachine, whyNoSystemd } from '../../helpers/systemd-machine.js';

const reason = whyNoSystemd();

describe.skipIf(process.platform !== 'linux' || reason !== undefined)('an installed service', () => {
  let machine: SystemdMachine;

  beforeAll(async () => {
    machine = await SystemdMachine.boot();
  });

  afterAll(() => machine.shutDown());

  test('is enabled and answers when install returns, and the unit is what systemd accepts as it is', async () => {
    const gateway = await ServiceGateway.create(machine);
    const installed = await gateway.install();
    expect(await gateway.answers()).toBe(true);
    expect(await gateway.property('ActiveState')).toBe('active');
    expect(await gateway.property('UnitFileState')).toBe('enabled');
    // The launcher became Node: the manager's main process is the supervisor itself.
    expect(await gateway.property('MainPID')).toBe(String(installed.pid));
    expect(await gateway.status()).toMatchObject({ supervisedBy: 'systemd', port: gateway.port, warnings: [] });
    const verified = await machine.run('systemd-analyze', ['--user', 'verify', gateway.unitPath]);
    expect(verified).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const security = await machine.ok('systemd-analyze', ['--user', 'security', '--no-pager', gateway.unit]);
    expect(Number(/exposure level for .*: ([\d.]+)/.exec(security)?.[1])).toBeLessThanOrEqual(3);
  });

  test('comes back after kill -9 of the worker and of the supervisor', async () => {
    const gateway = await ServiceGateway.create(machine);
    const { instanceId } = await gateway.install();
    const { worker, pid } = await gateway.status();
    await machine.ok('kill', ['-9', String(worker?.pid)]);
    await until('another worker', async () => {
      const { code, stdout } = await gateway.xopc('gateway', 'status', '--json');
      return code === 0 && (JSON.parse(stdout) as StatusDocument).worker?.pid !== worker?.pid;
    });
    expect(await gateway.property('MainPID')).toBe(String(pid));
    await machine.ok('kill', ['-9', String(pid)]);
    const replaced = await gateway.untilReplaced(instanceId);
    expect(replaced.pid).not.toBe(pid);
    expect(await gateway.property('MainPID')).toBe(String(replaced.pid));
    expect(await gateway.property('NRestarts')).toBe('1');
    expect(await gateway.answers()).toBe(true);
  });

  test('stays stopped after stop, stays registered, and service-start starts it again', async () => {
    const gateway = await ServiceGateway.create(machine);
    await gateway.install();
    for (let round = 0; round < 3; round += 1) {
      const stopped = await gateway.xopc('gateway', 'stop');
      expect(stopped.code, stopped.stderr).toBe(0);
      expect(await gateway.property('ActiveState')).toBe('inactive');
      expect(await gateway.property('UnitFileState')).toBe('enabled');
      expect(await gateway.answers()).toBe(false);
      expect(await gateway.xopc('gateway', 'service-status')).toMatchObject({ code: 3 });
      await gateway.xopcOk('gateway', 'service-start');
      expect(await gateway.answers()).toBe(true);
    }
    expect(await gateway.property('NRestarts')).toBe('0');
    const again = await gateway.xopc('gateway', 'service-start', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ started: false, running: true });
  });

  test('stop calls off the start that systemd was about to make', async () => {
    const gateway = await ServiceGateway.create(machine);
    await gateway.install();
    const { pid } = await gateway.status();
    await machine.ok('kill', ['-9', String(pid)]);
    await gateway.xopcOk('gateway', 'stop');
    // `failed`: systemd had not noticed the kill when the stop began.
    expect(['inactive', 'failed']).toContain(await gateway.property('ActiveState'));
    expect(await gateway.answers()).toBe(false);
  });

  test('moves to another port when it is installed again, and does nothing when nothing has changed', { tags: ['long'] }, async () => {
    const gateway = await ServiceGateway.create(machine);
    const first = await gateway.install();
    expect(await gateway.install()).toMatchObject({ changed: false, pid: first.pid });
    const port = await freePort();
    const moved = JSON.parse(await gateway.xopcOk('gateway', 'install', '--json', '--port', String(port))) as { pid: number };
    expect(moved).toMatchObject({ changed: true, port });
    expect(moved.pid).not.toBe(first.pid);
    expect([await gateway.answers(), await gateway.answers(port)]).toEqual([false, true]);
  });

  test('starts with the user manager, as after a boot', async () => {
    const gateway = await ServiceGateway.create(machine);
    const { instanceId } = await gateway.install();
    await machine.ok('systemctl', ['restart', 'user@0.service']);
    const status = await gateway.untilReplaced(instanceId);
    expect(status.supervisedBy).toBe('systemd');
    expect(await gateway.answers()).toBe(true);
  });

  test('says what the manual shows, and only shows with --print and --dry-run', async () => {
    const gateway = await ServiceGateway.create(machine);
    const manual = readFileSync(join(root, 'docs', 'service.md'), 'utf8');
    const [, shown = ''] = /^```\nxopc gateway install\n```\n```\n([^`]+)```$/m.exec(manual) ?? [];
    const port = ['--port', String(gateway.port)];
    const printed = await gateway.xopcOk('gateway', 'install', '--print', ...port);
    expect(await gateway.xopcOk('gateway', 'install', '--dry-run', ...port)).toContain(`${gateway.unit} would be written`);
    expect(existsSync(machine.unitDirectory)).toBe(false);
    const said = await gateway.xopcOk('gateway', 'install', ...port);
    expect(
      said
        .replace(gateway.name, 'xopc-gateway')
        .replace(/pid \d+/, 'pid 4711')
        .replace(String(gateway.port), '18790'),
    ).toContain(shown);
    expect(shown).toContain('Service: xopc-gateway');
    const unit = await machine.ok('systemctl', ['--user', 'cat', gateway.unit]);
    // A unit cannot be shown before it is known whether the sandbox can be had: as root here it can.
    expect(printed).toContain(unit.split('\n').slice(1).join('\n').trim());
  });

  test('goes where the user manager looks, whatever HOME and XDG_CONFIG_HOME say in this shell', async () => {
    const gateway = await ServiceGateway.create(machine);
    const elsewhere = join(machine.directory, 'another-home');
    const env = { XOPC_HOME: gateway.home, HOME: elsewhere, XDG_CONFIG_HOME: join(elsewhere, 'config') };
    const xopc = (...args: string[]): Promise<string> =>
      machine.ok(join(machine.packageDirectory, 'bin', 'xopc'), ['gateway', ...args], env);
    const { files } = JSON.parse(await xopc('install', '--json', '--port', String(gateway.port))) as { files: string[] };
    const unit = await gateway.property('FragmentPath');
    expect(files).toContain(unit);
    expect(existsSync(gateway.unitPath)).toBe(true);
    expect((JSON.parse(await xopc('status', '--json')) as StatusDocument).warnings).toEqual([]);
    expect((await gateway.status()).warnings).toEqual([]);
    await xopc('stop');
    expect(await gateway.property('ActiveState')).toBe('inactive');
    await xopc('service-start');
    await xopc('uninstall');
    expect(await gateway.property('LoadState')).toBe('not-found');
    expect(existsSync(elsewhere)).toBe(false);
  });

  test('writes through links: of the home, of a directory in it, and of its configuration', async () => {
    const target = mkdtempSync(join(machine.directory, 'linked-'));
    for (const name of ['home', 'state', 'dot files']) mkdirSync(join(target, name), { mode: 0o700 });
    writeFileSync(join(target, 'dot files', 'config.json'), '{}');
    symlinkSync('../dot files/config.json', join(target, 'home', 'config.json'));
    symlinkSync('../state', join(target, 'home', 'state'));
    symlinkSync('home', join(target, 'link'));
    const gateway = await ServiceGateway.create(machine, { home: join(target, 'link') });
    await gateway.install();
    expect(readdirSync(join(target, 'state'))).toContain('gateway.db');
    const token = readFileSync(join(gateway.home, 'credentials', 'token'), 'utf8').trim();
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const changed = await fetch(`${gateway.url}/api/config`, { method: 'PATCH', headers, body: '{"logs":{"level":"debug"}}' });
    expect(changed.status, await changed.text()).toBe(200);
    expect(readFileSync(join(target, 'dot files', 'config.json'), 'utf8')).toContain('debug');
    expect((await gateway.status()).warnings).toEqual([]);
  });

  test('is removed without a trace, and its data stays', async () => {
    const gateway = await ServiceGateway.create(machine);
    await gateway.install();
    const { pid, worker } = await gateway.status();
    const removed = await gateway.xopc('gateway', 'uninstall');
    expect(removed.code, removed.stderr).toBe(0);
    expect(existsSync(machine.unitDirectory)).toBe(false);
    expect(existsSync(join(gateway.home, 'service'))).toBe(false);
    expect(readdirSync(gateway.home)).toEqual(expect.arrayContaining(['credentials', 'state']));
    expect(await gateway.property('LoadState')).toBe('not-found');
    expect((await machine.systemctl('list-units', '--all', '--plain', '--no-legend', 'xopc*')).stdout).toBe('');
    const processes = await machine.run('ps', ['-o', 'pid=', '-p', `${pid},${worker?.pid}`]);
    expect(processes.stdout.trim()).toBe('');
    expect(await gateway.xopc('gateway', 'uninstall')).toMatchObject({ code: 0 });
    expect(await gateway.xopc('gateway', 'service-start')).toMatchObject({ code: 1 });
  });

  test('keeps its token in a file: not in a unit, not on a command line, not in an environment', async () => {
    const gateway = await ServiceGateway.create(machine);
    const token = 'a-token-that-must-not-be-seen-0123456789';
    const since = `--since=@${Math.floor(Date.now() / 1_000)}`;
    const { pid } = await gateway.install('--token', token);
    expect(readFileSync(join(gateway.home, 'credentials', 'token'), 'utf8').trim()).toBe(token);
    const { worker } = await gateway.status();
    const places = [
      await machine.ok('systemctl', ['--user', 'cat', gateway.unit]),
      await machine.ok('systemctl', ['--user', 'show', gateway.unit]),
      await machine.ok('cat', [gateway.launcherPath, `/proc/${pid}/cmdline`, `/proc/${worker?.pid}/cmdline`, `/proc/${pid}/environ`]),
      await machine.ok('journalctl', ['--user', '--no-pager', '-o', 'json', since]),
    ];
    expect(places.filter((text) => text.includes(token))).toEqual([]);
    const logs = await fetch(`${gateway.url}/api/logs`, { headers: { Authorization: `Bearer ${token}` } });
    expect(logs.status).toBe(200);
  });
});
