/** What `install` refuses before it changes anything. */
import { type AddressInfo, createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { previewInstall, type InstallPreview } from '../../../client/service/install-service.js';
import { makePlan } from '../../../client/service/plan/make-plan.js';
import { SystemdManager } from '../../../client/service/systemd/systemd-manager.js';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeTools } from '../../helpers/fake-tools.js';
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

/** A preview while a gateway runs on `running`; `loadState` is that of the service's unit. */
async function preview(port: number, running: number, loadState: 'loaded' | 'not-found'): Promise<InstallPreview> {
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: running }));
  const session = { userName: 'ada', runtimeDir: paths.home, environment: {} };
  const { run } = fakeTools([/ show /, { stdout: `LoadState=${loadState}\nActiveState=active\nSubState=running\n` }]);
  const target = makeServiceTarget({ gateway: { home: paths.home, configPath: null }, directory: join(paths.home, 'service') });
  const manager = new SystemdManager(target, { run, session, directory: paths.home });
  const plan = makePlan({ ...OPTIONS, port }, { paths, environment: testEnvironment(paths.home), manager });
  return previewInstall({ paths, manager, plan, listen: { host: '127.0.0.1', port }, force: false, note: () => Promise.resolve() });
}

test.each(['loaded', 'not-found'] as const)(
  'a port of another program is refused although a gateway runs on another one, with a unit that is %s',
  async (loadState) => {
    const port = await takenPort();
    await expect(preview(port, port + 1, loadState)).rejects.toMatchObject({ code: 'PORT_TAKEN', details: { port } });
  },
);

test('the port of the running gateway is not in the way', async () => {
  const port = await takenPort();
  expect(await preview(port, port, 'not-found')).toMatchObject({ replacesPid: sampleStatus.pid });
});
