import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import {
  HAND_OVER_LIMIT_MS,
  type ParentChannel,
  PredecessorLink,
  RETIRE_MARGIN_MS,
} from '../../../../daemon/supervisor/succession/predecessor-link.js';
import { GatewayError } from '../../../../shared/errors.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

const DRAIN_MS = 5_000;

/** The parent: its end of the channel, and its process. */
class Parent extends EventEmitter {
  connected = true;
  readonly received: { type: string }[] = [];
  kills = 0;

  kill(): void {
    this.kills += 1;
  }

  isAlive(): boolean {
    return false;
  }

  hasten(): void {
    this.kills += 100; // never expected here
  }

  send(...[message, , , callback]: Parameters<NonNullable<ParentChannel['send']>>): boolean {
    this.received.push(message as { type: string });
    callback(null);
    return true;
  }

  says(message: object, handle?: object): void {
    this.emit('message', message, handle);
  }

  leaves(): void {
    this.connected = false;
    this.emit('disconnect');
  }
}

interface Successor {
  readonly link: PredecessorLink;
  readonly parent: Parent;
  readonly clock: FakeClock;
  types(): string[];
}

function successor(): Successor {
  const parent = new Parent();
  const clock = new FakeClock();
  return {
    link: new PredecessorLink(clock, { channel: parent, parent }),
    parent,
    clock,
    types: () => parent.received.map(({ type }) => type),
  };
}

/** A successor that has lock and sockets. */
async function handedOver(): Promise<Successor> {
  const made = successor();
  const handed = made.link.takeOver();
  made.parent.says({ type: 'handOver', host: '::', port: 1001 }, {});
  await handed;
  return made;
}

/** Whether a promise has resolved, without waiting for one that has not. */
async function isResolved(promise: Promise<void> | undefined): Promise<boolean> {
  let hasResolved = false;
  void promise?.then(() => (hasResolved = true));
  await new Promise((resolve) => setImmediate(resolve));
  return hasResolved;
}

describe('taking over', () => {
  test('asks once and receives the handle with its address', async () => {
    const { link, parent, types } = successor();
    const handed = link.takeOver();
    const handle = {};
    parent.says({ type: 'handOver', host: '::', port: 1001 }, handle);
    expect(await handed).toEqual({ handle, host: '::', port: 1001 });
    expect(types()).toEqual(['takeOver']);
  });

  test('fails at once when the predecessor is gone already', async () => {
    const { link, parent, types } = successor();
    parent.leaves();
    await expect(link.takeOver()).rejects.toMatchObject({ code: 'SUCCESSION_FAILED', message: 'the gateway to take over from is gone' });
    expect(link.isGone).toBe(true);
    expect(types()).toEqual([]);
  });

  test('fails at once when the predecessor leaves meanwhile', async () => {
    const { link, parent } = successor();
    const handed = link.takeOver();
    parent.leaves();
    await expect(handed).rejects.toMatchObject({ code: 'SUCCESSION_FAILED' });
  });

  test('fails when nothing is handed over within 10 s; a later hand-over is ignored', async () => {
    const { link, parent, clock } = successor();
    const handed = link.takeOver();
    clock.advance(HAND_OVER_LIMIT_MS);
    await expect(handed).rejects.toMatchObject({ code: 'SUCCESSION_FAILED', message: expect.stringContaining('10 s') as string });
    parent.says({ type: 'handOver', host: '::', port: 1001 }, {});
  });

  test.each([[undefined], [null], ['handle']])('fails when the message comes without a handle (%s)', async (handle) => {
    const { link, parent } = successor();
    const handed = link.takeOver();
    parent.emit('message', { type: 'handOver', host: '::', port: 1001 }, handle);
    await expect(handed).rejects.toMatchObject({ code: 'SUCCESSION_FAILED' });
  });

  test('is not undone by its time limit', async () => {
    const { link, parent, clock } = successor();
    const handed = link.takeOver();
    parent.says({ type: 'handOver', host: '::', port: 1001 }, {});
    clock.advance(HAND_OVER_LIMIT_MS);
    await expect(handed).resolves.toMatchObject({ port: 1001 });
  });
});

describe('retiring the predecessor', () => {
  test('resolves when it has quiesced', async () => {
    const { link, parent, types } = await handedOver();
    const retired = link.retire(DRAIN_MS);
    expect([await isResolved(retired), types()]).toEqual([false, ['takeOver', 'retire']]);
    parent.says({ type: 'quiesced' });
    parent.says({ type: 'quiesced' });
    parent.leaves();
    await retired;
  });

  test.each(['before', 'meanwhile'])('resolves when its process disconnects %s', async (when) => {
    const { link, parent } = await handedOver();
    if (when === 'before') parent.leaves();
    const retired = link.retire(DRAIN_MS);
    if (when === 'meanwhile') parent.leaves();
    expect(await isResolved(retired)).toBe(true);
  });

  test('resolves at once when it has gone without a hand-over', async () => {
    const { link, parent, types } = successor();
    parent.leaves();
    await link.retire(DRAIN_MS);
    expect(types()).toEqual([]);
  });

  test('resolves at once for the next worker when it has quiesced already', async () => {
    const { link, parent, types } = await handedOver();
    const first = link.retire(DRAIN_MS);
    parent.says({ type: 'quiesced' });
    await first;
    await link.retire(DRAIN_MS); // the first worker died before it was active
    expect(types()).toEqual(['takeOver', 'retire']);
  });
});

describe('a predecessor that does not respond', () => {
  const hanging = async (): Promise<Successor & { retired: Promise<void> }> => {
    const made = await handedOver();
    const retired = made.link.retire(DRAIN_MS);
    made.clock.advance(DRAIN_MS + RETIRE_MARGIN_MS - 1);
    return { ...made, retired };
  };

  test('is killed after its drain deadline; it has quiesced once it has disconnected', async () => {
    const { parent, clock, retired } = await hanging();
    expect(parent.kills).toBe(0);
    clock.advance(1);
    expect([parent.kills, await isResolved(retired)]).toEqual([1, false]);
    parent.leaves();
    await retired;
  });

  test('is not killed when it quiesces in time', async () => {
    const { parent, clock } = await hanging();
    parent.says({ type: 'quiesced' });
    clock.advance(60_000);
    expect(parent.kills).toBe(0);
  });
});

describe('the outcome', () => {
  test('of a success names the worker that serves', () => {
    const { link, parent } = successor();
    link.succeeded({ pid: 23, instanceId: 'wk_9' });
    expect(parent.received).toEqual([{ type: 'succeeded', pid: process.pid, workerPid: 23, instanceId: 'wk_9' }]);
  });

  test('of a failure is reported with its code before the promise resolves', async () => {
    const { link, parent } = successor();
    await link.failed(new GatewayError('PORT_TAKEN', { message: 'port 1 is taken' }));
    await link.failed(new Error('oops'));
    expect(parent.received).toEqual([
      { type: 'failed', error: { code: 'PORT_TAKEN', message: 'port 1 is taken' } },
      { type: 'failed', error: { code: 'SUCCESSION_FAILED', message: 'oops' } },
    ]);
  });

  test('is not sent to a predecessor that has disconnected', async () => {
    const { link, parent } = successor();
    parent.leaves();
    link.succeeded({ pid: 23, instanceId: 'wk_9' });
    await link.failed(new Error('oops'));
    expect(parent.received).toEqual([]);
  });
});

describe('a stop of the successor', () => {
  test('stops the predecessor, once, within the same time, and kills it if it does not leave', async () => {
    const { link, parent, clock } = await handedOver();
    link.dismiss(250);
    link.dismiss(0);
    expect(parent.received.slice(1)).toEqual([{ type: 'dismissed', timeoutMs: 250 }]);
    clock.advance(250 + RETIRE_MARGIN_MS - 1);
    expect(parent.kills).toBe(0);
    clock.advance(1);
    expect([parent.kills, await isResolved(link.left)]).toEqual([1, false]);
    parent.leaves();
    await link.left;
  });

  test('sends nothing to a predecessor that is gone', async () => {
    const { link, parent, types } = await handedOver();
    parent.leaves();
    link.dismiss(250);
    await link.left;
    expect(types()).toEqual(['takeOver']);
  });

  test('before the hand-over leaves the predecessor running: it is the gateway', () => {
    const { link, parent } = successor();
    link.dismiss(250);
    expect(parent.received).toEqual([]);
    expect(link.left).toBeUndefined();
  });

  test('after its worker became active waits only for the exit of the predecessor', async () => {
    const { link, parent, types } = await handedOver();
    const retired = link.retire(DRAIN_MS);
    parent.says({ type: 'quiesced' });
    await retired;
    link.succeeded({ pid: 23, instanceId: 'wk_9' });
    link.dismiss(250);
    await link.left;
    expect(types()).toEqual(['takeOver', 'retire', 'succeeded']);
  });
});

describe('the arrival', () => {
  test('is pending until our worker is active', async () => {
    const { link, parent } = await handedOver();
    const waiting = [link.arriving, link.arriving];
    const retired = link.retire(DRAIN_MS);
    parent.says({ type: 'quiesced' });
    await retired;
    expect(await isResolved(waiting[0])).toBe(false);
    link.succeeded({ pid: 23, instanceId: 'wk_9' });
    for (const wait of waiting) await wait;
    expect(link.arriving).toBeUndefined();
  });

  test('ends with a stop', async () => {
    const { link } = await handedOver();
    const waiting = link.arriving;
    link.dismiss(250);
    await waiting;
    expect(link.arriving).toBeUndefined();
  });

  test('ends without a hand-over too, once our worker is active', async () => {
    const { link, parent } = successor();
    const waiting = link.arriving;
    parent.leaves();
    link.succeeded({ pid: 23, instanceId: 'wk_9' });
    await waiting;
    link.dismiss(250);
    expect(link.left).toBeUndefined();
  });
});

test('a successor has served since its worker became active', () => {
  const { link, clock } = successor();
  clock.advance(9_000);
  expect(link.servesForMs).toBe(0);
  link.succeeded({ pid: 23, instanceId: 'wk_9' });
  clock.advance(2_500);
  expect(link.servesForMs).toBe(2_500);
});
