import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { attachGateway } from '../../../client/gateway/attach-gateway.js';
import type { StatusDocument } from '../../../shared/api/gateway/status.js';
import { GatewayError } from '../../../shared/errors.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { type ChildProgram, endOf, startProgram } from '../../helpers/child-program.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';

const READY = "console.log('ready'); setInterval(() => {}, 1e6)";

interface Attached {
  readonly supervisor: ChildProgram;
  readonly paths: GatewayPaths;
  /** A successor takes the lock. */
  succeed(): Promise<ChildProgram>;
  release(): void;
  readonly signal: () => void;
  readonly notes: string[];
  readonly exitCode: Promise<number>;
}

/** Attaches to a gateway whose supervisor runs this code. */
async function attach(
  awaitNext?: (previousInstanceId: string) => Promise<StatusDocument>,
  code = READY,
  announce: (supervisor: Attached['supervisor']) => Promise<void> = () => Promise.resolve(),
): Promise<Attached> {
  const paths = testPaths();
  const supervisor = await startProgram(code);
  writeLock(paths, lockRecord(paths, supervisor.pid));
  let signal = (): void => undefined;
  const notes: string[] = [];
  const exitCode = attachGateway({
    paths,
    awaitNext,
    note: (text) => Promise.resolve(void notes.push(text)),
    announce: () => announce(supervisor),
    onSignal(listener) {
      signal = listener;
    },
  });
  exitCode.catch(() => undefined);
  return {
    supervisor,
    paths,
    async succeed() {
      const successor = await startProgram(code);
      writeLock(paths, lockRecord(paths, successor.pid, { instanceId: 'gw_2' }));
      return successor;
    },
    release: () => rmSync(paths.lockPath),
    signal: () => signal(),
    notes,
    exitCode,
  };
}

const nobodyFollows = (): Promise<never> => Promise.reject(new GatewayError('UNAVAILABLE', { message: 'inactive' }));

test('names a gateway that dies while it is announced', async () => {
  const attached = await attach(undefined, READY, async ({ child }) => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await expect(attached.exitCode).rejects.toThrow(`the gateway (pid ${attached.supervisor.pid}) has died`);
});

test('ends with 0 when the gateway has released its lock', async () => {
  const attached = await attach();
  attached.release();
  expect(await attached.exitCode).toBe(0);
});

test('fails when the gateway has died', async () => {
  const attached = await attach();
  attached.supervisor.child.kill('SIGKILL');
  await expect(attached.exitCode).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: `the gateway (pid ${attached.supervisor.pid}) has died`,
  });
});

test('waits for a predecessor that takes the lock of a dead successor back', async () => {
  const attached = await attach();
  attached.supervisor.child.kill('SIGKILL');
  await endOf(attached.supervisor);
  await attached.succeed();
  attached.release();
  expect(await attached.exitCode).toBe(0);
});

test('each signal reaches the supervisor that runs now as SIGTERM, whether it answers or not', async () => {
  const attached = await attach(undefined, `let n = 0; process.on('SIGTERM', () => (n += 1) > 1 && process.exit(n)); ${READY}`);
  const successor = await attached.succeed();
  await fakeControl(attached.paths.controlPath, () => undefined);
  await expect
    .poll(() => {
      attached.signal();
      return successor.child.exitCode;
    })
    .toBe(2);
  attached.release();
  expect(await attached.exitCode).toBe(0);
});

/** Only the choice is that of Windows: the control sockets of this test are no pipes. */
function signalOnWindows({ signal }: Attached): void {
  const { platform } = process;
  vi.spyOn(process, 'platform', 'get').mockReturnValue(platform).mockReturnValueOnce('win32');
  signal();
}

test('on Windows a signal asks the gateway to stop, a second one shortens its drain, and no process gets a signal', async () => {
  const attached = await attach();
  const successor = await attached.succeed();
  const control = await fakeControl(attached.paths.controlPath, () => undefined);
  signalOnWindows(attached);
  await expect.poll(() => control.requests).toEqual([{ v: 1, id: '1', type: 'stop' }]);
  signalOnWindows(attached);
  await expect.poll(() => control.requests[1]).toMatchObject({ type: 'stop', timeoutMs: 0 });
  attached.release();
  expect(await attached.exitCode).toBe(0);
  expect([attached.supervisor, successor].map(({ child }) => child.exitCode ?? child.signalCode)).toEqual([null, null]);
});

test('on Windows a signal that reaches no gateway says how to end it', async () => {
  const attached = await attach();
  signalOnWindows(attached);
  await expect.poll(() => attached.notes).toEqual(['The gateway does not answer. End it with: xopc gateway stop --force']);
  attached.release();
  expect(await attached.exitCode).toBe(0);
});

test('over a service a signal only detaches, and says so', async () => {
  const attached = await attach(nobodyFollows);
  attached.signal();
  expect(await attached.exitCode).toBe(0);
  expect(attached.notes).toEqual(['Detached; the gateway continues as a service. Stop it with: xopc gateway stop']);
  expect(attached.supervisor.child.exitCode).toBeNull();
});

test('a signal also detaches while the next gateway of a service is awaited', async () => {
  const previous: string[] = [];
  const attached = await attach((instanceId) => (previous.push(instanceId), new Promise<never>(() => undefined)));
  attached.release();
  await expect.poll(() => previous).toEqual(['gw_1']);
  attached.signal();
  expect(await attached.exitCode).toBe(0);
});

test('a service that its manager starts again is followed, one that it leaves stopped is not', async () => {
  const previous: string[] = [];
  let next: (() => Promise<StatusDocument>) | undefined;
  const attached: Attached = await attach(async (instanceId) => {
    previous.push(instanceId);
    return (await next?.()) ?? nobodyFollows();
  });
  next = async () => {
    await attached.succeed();
    next = undefined;
    return sampleStatus;
  };
  attached.release();
  await expect.poll(() => previous).toEqual(['gw_1']);
  await expect.poll(() => next).toBeUndefined();
  attached.release();
  expect(await attached.exitCode).toBe(0);
  expect(previous).toEqual(['gw_1', 'gw_2']);
});
