import { describe, expect, test } from 'vitest';
import { HAND_OVER_LIMIT_MS, RETIRE_MARGIN_MS } from '../../../../daemon/supervisor/succession/predecessor-link.js';
import { GatewayError } from '../../../../shared/errors.js';
import { DRAIN_MS, handedOver, isSettled, type Successor, successor } from '../../../helpers/fake-predecessor.js';

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
    await expect(link.takeOver()).rejects.toMatchObject({ code: 'SUCCESSION_FAILED', message: 'the gateway to take over from has exited' });
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
    expect([await isSettled(retired), types()]).toEqual([false, ['takeOver', 'retire']]);
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
    expect(await isSettled(retired)).toBe(true);
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
    expect([parent.kills, await isSettled(retired)]).toEqual([1, false]);
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
