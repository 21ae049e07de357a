import { describe, expect, test } from 'vitest';
import { RETIRE_MARGIN_MS } from '../../../../daemon/supervisor/succession/predecessor-link.js';
import { DRAIN_MS, handedOver, isSettled, successor } from '../../../helpers/fake-predecessor.js';

describe('a stop of the successor', () => {
  test('stops the predecessor, once, within the same time, and kills it if it does not leave', async () => {
    const { link, parent, clock } = await handedOver();
    link.dismiss(250);
    link.dismiss(0);
    expect(parent.received.slice(1)).toEqual([{ type: 'dismissed', timeoutMs: 250 }]);
    clock.advance(250 + RETIRE_MARGIN_MS - 1);
    expect(parent.kills).toBe(0);
    clock.advance(1);
    expect([parent.kills, await isSettled(link.left)]).toEqual([1, false]);
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

test('a further stop with less time shortens the wait for a predecessor that still finishes its work', async () => {
  const { link, parent } = await handedOver();
  const retired = link.retire(DRAIN_MS);
  parent.says({ type: 'quiesced' });
  await retired;
  link.succeeded({ pid: 23, instanceId: 'wk_9' });
  parent.isLiving = true;
  link.dismiss(60_000);
  expect(await isSettled(link.left)).toBe(false);
  expect(parent.hastened).toBe(0);
  link.dismiss(0);
  expect([await isSettled(link.left), parent.hastened]).toEqual([false, 1]);
  parent.isLiving = false;
  await link.left;
});

describe('the arrival', () => {
  test('is pending until our worker is active', async () => {
    const { link, parent } = await handedOver();
    const waiting = [link.arriving, link.arriving];
    const retired = link.retire(DRAIN_MS);
    parent.says({ type: 'quiesced' });
    await retired;
    expect(await isSettled(waiting[0])).toBe(false);
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
