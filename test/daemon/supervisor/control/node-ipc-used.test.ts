import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { callControl } from '../../../../client/gateway/control-client.js';
import { fakeControl, answers, sampleStatus } from '../../../fakes/control-socket.js';
import { serveControl } from '../../../helpers/control-socket.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const world = vi.hoisted(() => ({ isBroken: false }));

vi.mock('node-ipc', async (importActual) => {
  const actual = await importActual<typeof import('node-ipc')>();
  class TestedModule extends actual.IPCModule {
    constructor() {
      if (world.isBroken) throw new Error('no node-ipc');
      super();
    }
  }
  return { IPCModule: TestedModule };
});

beforeEach(() => {
  world.isBroken = false;
});

test('the client reaches the supervisor through node-ipc', async () => {
  const path = join(tempDir(), 's');
  await fakeControl(path, answers(sampleStatus));
  expect(await callControl(path, { type: 'status' })).toEqual(sampleStatus);
  world.isBroken = true;
  await expect(callControl(path, { type: 'status' })).rejects.toThrow('no node-ipc');
});

test('the supervisor listens through node-ipc', async () => {
  await serveControl(() => Promise.resolve(null));
  world.isBroken = true;
  await expect(serveControl(() => Promise.resolve(null))).rejects.toThrow('no node-ipc');
});
