/** `gateway start` where a service is installed for the configuration. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { StartOptions } from '../../../client/gateway/start-supervisor.js';
import { recordPath } from '../../../client/service/files/install-record.js';
import type { ServicePlan } from '../../../client/service/plan/service-plan.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { endOf, startProgram } from '../../helpers/child-program.js';
import { runCommand, type CommandOutcome } from '../../helpers/command-line.js';
import { freePort } from '../../helpers/free-port.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';
import { gateway, recording } from '../../helpers/recorded-start.js';
import { fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { makeServicePlan } from '../../helpers/service-plan.js';
import { tempDir } from '../../helpers/temp-dir.js';

interface Installed {
  /** Why the service cannot be started here. */
  readonly obstacle?: string;
  /** What `install` was given. */
  readonly plan?: Partial<ServicePlan>;
  /** `gateway.port` */
  readonly configured?: number;
  /** XOPC_SERVICE_MARKER */
  readonly marker?: string;
}

function writeInstalled(paths: GatewayPaths, given: Partial<ServicePlan> = {}): void {
  const directory = join(paths.dataDir, 'service');
  mkdirSync(directory, { recursive: true });
  const plan = makeServicePlan({ home: paths.home, configPath: paths.configPath, launcherPath: join(directory, 'launch'), ...given });
  writeFileSync(recordPath(directory), JSON.stringify({ v: 1, plan, enabledLinger: false, version: '1.0.0', installedAt: '' }));
}

async function start(
  args: readonly string[],
  { obstacle, plan, configured, marker }: Installed = {},
): Promise<CommandOutcome & { readonly started: string[]; readonly background: StartOptions | undefined }> {
  const paths = testPaths();
  writeInstalled(paths, plan);
  const port = configured ?? (await freePort());
  writeFileSync(paths.configPath, JSON.stringify({ gateway: { port, host: '127.0.0.1' } }));
  const started: string[] = [];
  const { runtime, background } = recording(paths);
  const tools = runtime.loadTools?.();
  if (tools === undefined) throw new Error('no tools');
  const outcome = await runCommand(['gateway', 'start', ...args], {
    home: paths.home,
    variables: marker === undefined ? {} : { XOPC_SERVICE_MARKER: marker },
    runtime: {
      ...runtime,
      loadTools: () => ({
        ...tools,
        findServiceObstacle: () => Promise.resolve(obstacle),
        async startAgain({ isService }) {
          started.push(isService ? 'service' : 'by hand');
          const own = { port: plan?.port ?? port };
          await fakeControl(paths.controlPath, gateway(own));
          return { ...sampleStatus, ...own };
        },
      }),
    },
  });
  return { ...outcome, started: [...started, ...background.map(() => 'detached')], background: background[0] };
}

/** The port of another program. */
async function takenPort(): Promise<number> {
  const stranger = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void stranger.close());
  await once(stranger, 'listening');
  return (stranger.address() as AddressInfo).port;
}

test('it starts the service, so that every hint to start the gateway is right', async () => {
  const { code, stdout, started } = await start([]);
  expect({ code, started }).toEqual({ code: 0, started: ['service'] });
  expect(stdout).toMatch(/^✅ Gateway is running \(pid \d+\)\n/);
});

test('on its first start a person is told what is next; a service manager is not, and nothing is asked for it', async () => {
  expect((await start(['--host', '127.0.0.1'])).stdout).toContain('📝 Next:');
  expect((await start(['--host', '127.0.0.1'], { marker: 'systemd' })).stdout).not.toContain('📝 Next:');
});

test('a run with options of its own does not start the service', async () => {
  expect(await start(['--host', '127.0.0.1'])).toMatchObject({ code: 0, started: ['detached'] });
});

test('a run with a port of its own checks that, also where systemd holds that of the service', async () => {
  const { code, started } = await start(['--port', String(await takenPort())], {
    plan: { socket: { host: '127.0.0.1', port: 18_790 } },
  });
  expect({ code, started }).toEqual({ code: 78, started: [] });
});

test.each([[[]], [['--force']]])(
  'a service with a port of its own is started while another program has the configured one: %j',
  async (args) => {
    const configured = await takenPort();
    const { code, started } = await start(args, { configured, plan: { port: await freePort() } });
    expect({ code, started }).toEqual({ code: 0, started: ['service'] });
  },
);

test.each([[[]], [['--force']]])(
  'a service with a port of its own is not started while a program that is not ended has that: %j',
  async (args) => {
    const port = await takenPort();
    const { code, stderr, started } = await start(args, { plan: { port, host: '127.0.0.1' } });
    expect({ code, started }).toEqual({ code: 78, started: [] });
    expect(stderr).toContain(`port ${port} is taken`);
    expect(stderr).toMatch(/Use another port with: xopc gateway install --config \S+ --host 127\.0\.0\.1 --port PORT\b/);
  },
);

test('where the service cannot be started it runs without it, and says why', async () => {
  const { code, stderr, started } = await start([], { obstacle: 'this machine does not run systemd' });
  expect({ code, started }).toEqual({ code: 0, started: ['detached'] });
  expect(stderr).toContain('The service cannot be started, so the gateway runs without it: this machine does not run systemd\n');
});

test('without the service it runs on the address of the service', async () => {
  const plan = { port: await freePort(), host: '127.0.0.1' };
  const { code, background } = await start([], { obstacle: 'this machine does not run systemd', configured: await takenPort(), plan });
  expect({ code, flags: background?.flags }).toEqual({ code: 0, flags: plan });
});

test('without the service it runs on the port that was checked, not on XOPC_PORT, which the service would not get', async () => {
  vi.stubEnv('XOPC_PORT', String(await takenPort()));
  onTestFinished(() => void vi.unstubAllEnvs());
  const { code, background } = await start([], { obstacle: 'this machine does not run systemd' });
  expect({ code, background }).toMatchObject({ code: 0, background: { flags: {}, ignoresAddress: true } });
});

test.runIf(process.platform === 'linux')(
  '--force ends a service that hangs only if it is started again with the options given',
  async () => {
    const paths = testPaths();
    writeInstalled(paths);
    const hung = await startProgram("console.log('ready'); setInterval(() => {}, 1e6)");
    writeLock(paths, lockRecord(paths, hung.pid));
    hung.child.kill('SIGSTOP');
    const tools = tempDir();
    // Says which process it runs, and can do nothing else.
    const script = `#!/bin/sh\ncase "$*" in *MainPID*) echo ActiveState=active; echo MainPID=${hung.pid} ;; *) exit 1 ;; esac\n`;
    writeFileSync(join(tools, 'systemctl'), script, { mode: 0o755 });
    vi.stubEnv('PATH', `${tools}:${process.env['PATH']}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const force = (port: number): Promise<CommandOutcome> =>
      runCommand(['gateway', 'start', '--force', '--port', String(port)], { home: paths.home });
    expect(await force(8_080)).toMatchObject({ code: 1, stderr: expect.stringContaining('xopc gateway install --port 8080') as string });
    expect(hung.child.signalCode).toBeNull();
    await force(lockRecord(paths, hung.pid).port);
    expect(await endOf(hung)).toMatch(/^SIG/);
  },
);
