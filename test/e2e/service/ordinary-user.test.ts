/** A user without any right of root: the manager may or may not make namespaces, and lingering is for others to allow. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../helpers/free-port.js';
import { type InsideOutcome, SystemdMachine, whyNoSystemd } from '../../helpers/systemd-machine.js';

const reason = whyNoSystemd();
const UID = 1999;

/** Accounts are mounted over those of the machine, inside only; logind reads them anew, and a policy of the user's manager. */
const PREPARE = `
set -e
printf 'tester:x:${UID}:${UID}::%s:/bin/sh\\n' "$2" | cat /etc/passwd - >"$1/passwd"
echo 'tester:x:${UID}:' | cat /etc/group - >"$1/group"
echo 'tester:*:19000:0:99999:7:::' | cat /etc/shadow - >"$1/shadow"
for name in passwd group shadow; do mount --bind "$1/$name" "/etc/$name"; done
if [ -n "$3" ]; then
  mkdir -p /run/systemd/system/user@${UID}.service.d
  printf '[Service]\\nRestrictNamespaces=~user\\n' >/run/systemd/system/user@${UID}.service.d/policy.conf
  systemctl daemon-reload
fi
systemctl restart systemd-logind
systemctl start user@${UID}.service
`;

describe.skipIf(process.platform !== 'linux' || reason !== undefined).each([
  { what: 'with user namespaces', policy: '', hasFullSandbox: true },
  { what: 'where user namespaces are denied', policy: 'denied', hasFullSandbox: false },
])('the service of an ordinary user $what', ({ policy, hasFullSandbox }) => {
  let machine: SystemdMachine;
  let home: string;

  beforeAll(async () => {
    machine = await SystemdMachine.boot();
    chmodSync(machine.directory, 0o755);
    home = join(machine.directory, 'tester');
    mkdirSync(home);
    chownSync(home, UID, UID);
    const accounts = join(machine.directory, 'accounts');
    mkdirSync(accounts);
    writeFileSync(join(machine.directory, 'prepare.sh'), PREPARE);
    await machine.ok('sh', [join(machine.directory, 'prepare.sh'), accounts, home, policy]);
  });

  afterAll(() => machine.shutDown());

  /** As in a shell of `su`: the addresses of the manager are not in the environment. */
  const asUser = (command: string, ...args: string[]): Promise<InsideOutcome> =>
    machine.run('setpriv', [`--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', '--reset-env', command, ...args], {});
  const xopc = (...args: string[]): Promise<InsideOutcome> =>
    asUser('env', `HOME=${home}`, join(machine.packageDirectory, 'bin', 'xopc'), ...args);
  const systemctl = (...args: string[]): Promise<InsideOutcome> =>
    asUser('env', `XDG_RUNTIME_DIR=/run/user/${UID}`, 'systemctl', '--user', ...args);

  test('runs, in the sandbox that can be had, and says with the exact command that it will end at logout', async () => {
    const port = await freePort();
    const installed = await xopc('gateway', 'install', '--port', String(port));
    expect(installed.stdout).toContain('Gateway is installed as a service and running');
    expect(installed).toMatchObject({ code: 1, stderr: expect.stringContaining('sudo loginctl enable-linger tester') as string });
    expect(await fetch(`http://127.0.0.1:${port}/health`).then((answer) => answer.status)).toBe(200);
    const { stdout: pid } = await systemctl('show', 'xopc-gateway', '--property=MainPID', '--value');
    const status = await machine.ok('cat', [`/proc/${pid.trim()}/status`]);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(/^CapBnd:\t0+$/m.test(status)).toBe(hasFullSandbox);
    const unit = await systemctl('cat', 'xopc-gateway.service');
    expect(unit.stdout.includes('CapabilityBoundingSet=')).toBe(hasFullSandbox);
    expect((await xopc('gateway', 'service-status')).code).toBe(0);
    const doctor = await xopc('doctor');
    expect(doctor).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/service-life: .*\n +sudo loginctl enable-linger tester/) as string,
    });
    expect((await xopc('gateway', 'restart', '--force')).code).toBe(0);
    expect((await xopc('gateway', 'uninstall')).code).toBe(0);
    expect((await systemctl('show', 'xopc-gateway', '--property=LoadState', '--value')).stdout.trim()).toBe('not-found');
  });
});
