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

  /** How often it is still there when it is looked for. */
  livesFor = 0;
  hastened = 0;

  isAlive(): boolean {
    this.livesFor -= 1;
    return this.livesFor >= 0;
  }

  hasten(): void {
    this.hastened += 1;
    this.livesFor = 1;
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

function successor(): { link: PredecessorLink; parent: Parent; clock: FakeClock; types(): string[] } {
  const parent = new Parent();
  const clock = new FakeClock();
  return {
    link: new PredecessorLink(clock, { channel: parent, parent }),
    parent,
    clock,
    types: () => parent.received.map(({ type }) => type),
  };
}

describe('taking over', () => {
  test('asks once and is given the handle with its address', async () => {
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

  test('fails at once when the predecessor goes meanwhile', async () => {
    const { link, parent } = successor();
    const handed = link.takeOver();
    parent.leaves();
    await expect(handed).rejects.toMatchObject({ code: 'SUCCESSION_FAILED' });
  });

  test('fails when nothing is handed over in 10 s; what comes later is not taken', async () => {
    const { link, parent, clock } = successor();
    const handed = link.takeOver();
    clock.advance(HAND_OVER_LIMIT_MS);
    await expect(handed).rejects.toMatchObject({ code: 'SUCCESSION_FAILED', message: expect.stringContaining('10 s') as string });
    parent.says({ type: 'handOver', host: '::', port: 1001 }, {});
  });

  test.each([[undefined], [null], ['handle']])('fails when the handle did not come along (%s)', async (handle) => {
    const { link, parent } = successor();
    const handed = link.takeOver();
    parent.emit('message', { type: 'handOver', host: '::', port: 1001 }, handle);
    await expect(handed).rejects.toMatchObject({ code: 'SUCCESSION_FAILED' });
  });

  test('that is done is not undone by its time limit', async () => {
    const { link, parent, clock } = successor();
    const handed = link.takeOver();
    parent.says({ type: 'handOver', host: '::', port: 1001 }, {});
    clock.advance(HAND_OVER_LIMIT_MS);
    await expect(handed).resolves.toMatchObject({ port: 1001 });
  });
});

describe('retiring the predecessor', () => {
  test('tells when it has quiesced, once', () => {
    const { link, parent, types } = successor();
    let quiesced = 0;
    link.retire(DRAIN_MS, () => (quiesced += 1));
    expect([quiesced, types()]).toEqual([0, ['retire']]);
    parent.says({ type: 'quiesced' });
    parent.says({ type: 'quiesced' });
    parent.leaves();
    expect(quiesced).toBe(1);
  });

  test('whose process is gone, before or meanwhile, has quiesced', () => {
    for (const isBefore of [true, false]) {
      const { link, parent } = successor();
      let quiesced = 0;
      if (isBefore) parent.leaves();
      link.retire(DRAIN_MS, () => (quiesced += 1));
      if (!isBefore) parent.leaves();
      expect(quiesced).toBe(1);
    }
  });

  test('which has quiesced already need not say it again to the next worker', () => {
    const { link, parent } = successor();
    link.retire(DRAIN_MS, () => undefined);
    parent.says({ type: 'quiesced' });
    let quiesced = 0;
    link.retire(DRAIN_MS, () => (quiesced += 1)); // the first worker died before it was active
    expect(quiesced).toBe(1);
  });
});

describe('a predecessor that was stopped', () => {
  const hanging = (): ReturnType<typeof successor> & { quiesced: () => number } => {
    let quiesced = 0;
    const made = successor();
    made.link.retire(DRAIN_MS, () => (quiesced += 1));
    made.clock.advance(DRAIN_MS + RETIRE_MARGIN_MS - 1);
    return { ...made, quiesced: () => quiesced };
  };

  test('is ended after its drain deadline, and only its end counts', () => {
    const { parent, clock, quiesced } = hanging();
    expect(parent.kills).toBe(0);
    clock.advance(1);
    expect([parent.kills, quiesced()]).toEqual([1, 0]);
    parent.leaves();
    expect(quiesced()).toBe(1);
  });

  test('is left alone when it quiesces in time', () => {
    const { parent, clock } = hanging();
    parent.says({ type: 'quiesced' });
    clock.advance(60_000);
    expect(parent.kills).toBe(0);
  });
});

describe('last words', () => {
  test('success names the worker that serves', () => {
    const { link, parent } = successor();
    link.succeeded({ pid: 23, instanceId: 'wk_9' });
    expect(parent.received).toEqual([{ type: 'succeeded', pid: process.pid, workerPid: 23, instanceId: 'wk_9' }]);
  });

  test('a failure is said with its code, and is on its way when it resolves', async () => {
    const { link, parent } = successor();
    await link.failed(new GatewayError('PORT_TAKEN', { message: 'port 1 is taken' }));
    await link.failed(new Error('oops'));
    expect(parent.received).toEqual([
      { type: 'failed', error: { code: 'PORT_TAKEN', message: 'port 1 is taken' } },
      { type: 'failed', error: { code: 'SUCCESSION_FAILED', message: 'oops' } },
    ]);
  });

  test('nobody is told anything where nobody listens any more', async () => {
    const { link, parent } = successor();
    parent.leaves();
    link.succeeded({ pid: 23, instanceId: 'wk_9' });
    await link.failed(new Error('oops'));
    expect(parent.received).toEqual([]);
  });
});

describe('a predecessor that is told to leave with us', () => {
  test('has the time that was given, and is ended if it does not leave', async () => {
    const { link, parent, clock } = successor();
    let hasLeft = false;
    const left = link.dismiss(250).then(() => (hasLeft = true));
    expect(parent.received).toEqual([{ type: 'dismissed', timeoutMs: 250 }]);
    clock.advance(250 + RETIRE_MARGIN_MS - 1);
    expect(parent.kills).toBe(0);
    clock.advance(1);
    expect([parent.kills, hasLeft]).toEqual([1, false]);
    parent.leaves();
    await left;
  });

  test('that is gone already needs no word', async () => {
    const { link, parent } = successor();
    parent.leaves();
    await link.dismiss(250);
    expect(parent.received).toEqual([]);
  });
});

describe('a predecessor that finishes what it has begun when we are to stop', () => {
  test('is waited for', async () => {
    const { link, parent } = successor();
    parent.livesFor = 3;
    await link.seeOff(5_000);
    expect(parent.hastened).toBe(0);
    await link.seeOff(5_000);
  });

  test('is told to hurry when the time is up', async () => {
    const { link, parent } = successor();
    parent.livesFor = 1_000;
    await link.seeOff(0);
    expect(parent.hastened).toBe(1);
  });
});
