import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { adoptListenSocket, bindListenSocket } from '../../../../daemon/supervisor/socket/listen-socket.js';
import { readyMessage } from '../../../helpers/fake-child.js';
import { freePort } from '../../../helpers/free-port.js';
import { changing } from '../../../helpers/changing-config.js';
import { eventually } from '../../../helpers/eventually.js';

/** Lets what is awaited go on. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('another address', () => {
  test('is bound here and served by a new worker; the old socket is closed after it', async () => {
    const { gateway, edit, answers, replaced, socket, changes } = await changing();
    const [old, port] = [socket(), await freePort()];
    edit({ gateway: { host: '127.0.0.1', port } });
    answers(gateway.worker);
    await eventually(() => expect(gateway.workers).toHaveLength(2));
    replaced(gateway.worker);
    expect(gateway.worker.last('listen')).toMatchObject({ port });
    await eventually(() => expect(socket().port).toBe(port));
    await eventually(() => expect(() => adoptListenSocket(old.handle, { origin: 'bound' })).toThrow());
    expect((await bindListenSocket('127.0.0.1', old.port)).port).toBe(old.port);
    expect(changes.warnings).toEqual([]);
    expect(gateway.workers).toHaveLength(2);
  });

  test('that is taken is a warning; all stays where it is, until it is free', async () => {
    const { gateway, edit, answers, socket, changes } = await changing();
    const before = socket();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    edit({ gateway: { host: '127.0.0.1', port } });
    answers(gateway.worker);
    await eventually(() => expect(changes.warnings).toHaveLength(1));
    expect(changes.warnings).toMatchObject([
      { code: 'ADDRESS_UNCHANGED', message: expect.stringContaining(`still on 127.0.0.1:${before.port}`) as string },
    ]);
    expect(socket()).toBe(before);
    expect(gateway.workers).toHaveLength(1);
    taken.close();
    await once(taken, 'close');
    edit({ gateway: { host: '127.0.0.1', port, drainTimeoutMs: 11 } });
    answers(gateway.worker);
    await eventually(() => expect(gateway.workers).toHaveLength(2));
    expect(changes.warnings).toEqual([]);
  });

  test('on which no worker starts is released', async () => {
    const { gateway, edit, answers, socket, changes } = await changing();
    const [before, port] = [socket(), await freePort()];
    edit({ gateway: { host: '127.0.0.1', port } });
    answers(gateway.worker);
    await eventually(() => expect(gateway.workers).toHaveLength(2));
    gateway.worker.exits({ code: 1 });
    await eventually(() => expect(changes.warnings).toMatchObject([{ code: 'ADDRESS_UNCHANGED' }]));
    expect(socket()).toBe(before);
    expect((await bindListenSocket('127.0.0.1', port)).port).toBe(port);
  });

  test('is reached although a restart to the old one was under way', async () => {
    const { gateway, edit, answers, replaced, socket } = await changing();
    const [first, port] = [gateway.worker, await freePort()];
    void gateway.restart();
    const second = gateway.worker;
    second.says(readyMessage()); // it was told the old address
    edit({ gateway: { host: '127.0.0.1', port } });
    answers(first);
    await eventually(() => expect(socket().port).toBe(port));
    replaced(second);
    await eventually(() => expect(gateway.workers).toHaveLength(3));
    replaced(gateway.worker);
    expect(gateway.worker.last('listen')).toMatchObject({ port });
    await eventually(() => expect(gateway.supervisor.isRestarting).toBe(false));
    expect(gateway.workers).toHaveLength(3);
  });

  test.each([
    ['does not move a socket that a service manager passed when something else is edited', undefined, 1],
    ['moves a socket that a service manager passed when the address itself is edited', 'other', 2],
  ])('%s', async (_what, edited, workers) => {
    const { gateway, edit, answers, socket } = await changing({ origin: 'inherited' });
    const port = edited === undefined ? socket().port : await freePort();
    edit({ gateway: { host: '127.0.0.1', port, drainTimeoutMs: 12 } });
    answers(gateway.worker);
    await (workers > 1 ? eventually(() => expect(gateway.workers).toHaveLength(workers)) : turn());
    expect(gateway.workers).toHaveLength(workers);
  });

  test.each([
    ['that succeeds is left to the successor, which listens there itself', true],
    ['that fails is bound after it', false],
  ])('during a succession %s', async (_what, isOver) => {
    let settle: () => void = () => undefined;
    const succession = { settled: new Promise<void>((resolve) => (settle = resolve)), isOver };
    const { gateway, edit, answers, replaced, changes, socket } = await changing({ succession });
    const [before, port] = [socket().port, await freePort()];
    edit({ gateway: { host: '127.0.0.1', port } });
    answers(gateway.worker);
    const { moving } = changes;
    await turn();
    expect(socket().port).toBe(before);
    settle();
    if (!isOver) await eventually(() => expect(gateway.workers).toHaveLength(2));
    if (!isOver) replaced(gateway.worker);
    await moving;
    expect(socket().port).toBe(isOver ? before : port);
    await eventually(() => expect(changes.moving).toBeUndefined());
  });
});
