import { expect, test } from 'vitest';
import { Arrival } from '../../../../daemon/supervisor/succession/arrival.js';

function arriving(hasHandedOver: boolean): { arrival: Arrival; dismissed: number[]; seenOff: number[] } {
  const [dismissed, seenOff]: [number[], number[]] = [[], []];
  const arrival = new Arrival({
    hasHandedOver,
    dismiss: (timeoutMs) => {
      dismissed.push(timeoutMs);
      return Promise.resolve();
    },
    seeOff: (timeoutMs) => {
      seenOff.push(timeoutMs);
      return Promise.resolve();
    },
  });
  return { arrival, dismissed, seenOff };
}

test('whoever waits is told when our worker is the active one; from then on there is nothing to wait for, and a stop only sees the predecessor off', async () => {
  const { arrival, dismissed, seenOff } = arriving(true);
  const waiting = [arrival.pending, arrival.pending];
  arrival.complete();
  for (const wait of waiting) await wait;
  expect(arrival.pending).toBeUndefined();
  arrival.dismissPredecessor(250);
  expect({ dismissed, seenOff }).toEqual({ dismissed: [], seenOff: [250] });
  await arrival.predecessorLeft;
});

test('a stop sends the predecessor away, once, and ends the waiting', async () => {
  const { arrival, dismissed } = arriving(true);
  const waiting = arrival.pending;
  arrival.dismissPredecessor(250);
  arrival.dismissPredecessor(0);
  await waiting;
  await arrival.predecessorLeft;
  expect(dismissed).toEqual([250]);
});

test('before the hand-over the predecessor is the gateway, and goes on', () => {
  const { arrival, dismissed } = arriving(false);
  arrival.dismissPredecessor(250);
  expect(dismissed).toEqual([]);
  expect(arrival.predecessorLeft).toBeUndefined();
});

test('a successor has served since its worker was the active one, however long it took to get there', () => {
  const { arrival } = arriving(true);
  expect(arrival.servesForMs(9_000)).toBe(0);
  arrival.complete(10_000);
  expect(arrival.servesForMs(12_500)).toBe(2_500);
});
