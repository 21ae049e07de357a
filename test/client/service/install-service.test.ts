/** What `install` refuses before it changes anything. */
import { type AddressInfo, createServer } from 'node:net';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { previewInstall, type InstallPreview } from '../../../client/service/install-service.js';
import { writeServiceFile } from '../../../client/service/files/file-changes.js';
import { makePlan, plannedFiles } from '../../../client/service/plan/make-plan.js';
import { SystemdManager } from '../../../client/service/systemd/systemd-manager.js';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeTools } from '../../helpers/fake-tools.js';
import { freePort } from '../../helpers/free-port.js';
import { testPaths } from '../../helpers/lock-file.js';
import { makeServiceTarget } from '../../helpers/service-plan.js';
import { testEnvironment } from '../../helpers/test-environment.js';

const OPTIONS = { host: '127.0.0.1', socket: false, runtime: undefined, sandbox: 'full' } as const;

/** The port of a program that is not the gateway. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

interface World {
  /** Port of a gateway that runs. */
  readonly running?: number;
  /** Of the service's unit. */
  readonly loadState?: 'loaded' | 'not-found';
  readonly config?: string;
  /** The gateway that runs is the service, and its files are there. */
  readonly isInstalled?: boolean;
  readonly isMasked?: boolean;
  readonly token?: string;
  readonly force?: boolean;
}

async function preview(port: number, world: World): Promise<InstallPreview> {
  const { running, loadState = 'not-found', isInstalled = false, token, force = false } = world;
  const paths = testPaths();
  writeFileSync(paths.configPath, world.config ?? '{}');
  const status = { ...sampleStatus, port: running ?? 0, supervisedBy: isInstalled ? 'systemd' : null };
  if (running !== undefined) await fakeControl(paths.controlPath, answers(status));
  const session = { userName: 'ada', runtimeDir: paths.home, environment: {} };
  const shown = `LoadState=${loadState}\nActiveState=active\nSubState=running\nUnitFileState=enabled\n`;
  const target = makeServiceTarget({ gateway: { home: paths.home, configPath: null }, directory: join(paths.home, 'service') });
  const directory = join(paths.home, 'units');
  const manager = new SystemdManager(target, { run: fakeTools([/ show /, { stdout: shown }]).run, session, directory });
  const plan = makePlan({ ...OPTIONS, port }, { paths, environment: testEnvironment(paths.home), manager });
  if (isInstalled) for (const file of plannedFiles(plan, manager)) await writeServiceFile(file);
  mkdirSync(directory, { recursive: true });
  if (world.isMasked === true) symlinkSync('/dev/null', join(directory, 'xopc-gateway.service'));
  return previewInstall({ paths, manager, plan, listen: { host: '127.0.0.1', port }, token, force, note: () => Promise.resolve() });
}

test.each(['loaded', 'not-found'] as const)(
  'a port of another program is refused although a gateway runs on another one, with a unit that is %s',
  async (loadState) => {
    const port = await takenPort();
    await expect(preview(port, { running: port + 1, loadState })).rejects.toMatchObject({ code: 'PORT_TAKEN', details: { port } });
  },
);

test('the port of the running gateway is not in the way', async () => {
  const port = await takenPort();
  expect(await preview(port, { running: port })).toMatchObject({ replacesPid: sampleStatus.pid });
});

describe('a gateway that runs is not ended', () => {
  const INVALID = '{ "gateway": { "drainTimeoutMs": "soon" } }';
  const refused = { code: 'CONFIG_INVALID', message: expect.stringMatching(/gateway\.drainTimeoutMs.*; nothing was ended$/) as string };

  test('for a service that could not start with the configuration', async () => {
    const port = await takenPort();
    await expect(preview(port, { running: port, config: INVALID })).rejects.toMatchObject(refused);
    expect(await preview(await freePort(), { config: INVALID })).toMatchObject({ replacesPid: undefined });
  });

  test('where only the token is new', async () => {
    const port = await takenPort();
    const installed = { running: port, isInstalled: true, config: INVALID };
    expect(await preview(port, installed)).toMatchObject({ isDone: true });
    await expect(preview(port, { ...installed, token: 'another' })).rejects.toMatchObject(refused);
  });

  test('but variables of the service are unknown here', async () => {
    const port = await takenPort();
    const store = '"store": { "url": "${DATABASE_OF_THIS_TEST}" }';
    expect(await preview(port, { running: port, config: `{ ${store} }` })).toMatchObject({ isDone: false });
    const config = `{ ${store}, "gateway": { "drainTimeoutMs": "soon" } }`;
    await expect(preview(port, { running: port, config })).rejects.toMatchObject(refused);
  });
});

test.runIf(process.platform === 'linux')('a masked unit is refused, also with --force: a write would replace /dev/null', async () => {
  await expect(preview(await freePort(), { isMasked: true, force: true })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringMatching(/xopc-gateway\.service is masked$/) as string,
    hint: 'Unmask it with: systemctl --user unmask xopc-gateway.service',
  });
});
