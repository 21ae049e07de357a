import { expect, test } from 'vitest';
import { StoreWait } from '../../../../daemon/worker/store/store-wait.js';
import { GatewayError } from '../../../../shared/errors.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';

const down = new GatewayError('UNAVAILABLE', { message: 'the disk is full' });

test('a store that stays out of order is mentioned once, without a stack, and asked less and less often', () => {
  const clock = new FakeClock();
  const logger = logMemory();
  const wait = new StoreWait({ clock, logger }, 'it has to wait');
  const waits: number[] = [];
  for (let time = 0; time < 12; time += 1) {
    const waitMs = wait.failed(down);
    waits.push(waitMs);
    clock.advance(waitMs);
  }
  expect(waits[0]).toBe(1_000);
  expect(waits.toSorted((a, b) => a - b)).toEqual(waits);
  expect(waits.at(-1)).toBe(10_000);
  expect(logger.entries).toEqual([expect.objectContaining({ message: 'it has to wait' })]);
  expect(JSON.stringify(logger.entries)).toContain('the disk is full');
  wait.succeeded();
  expect(wait.failed(down)).toBe(1_000);
  expect(logger.entries).toHaveLength(2);
});

test('any other failure is said each time, with its cause', () => {
  const logger = logMemory();
  const wait = new StoreWait({ clock: new FakeClock(), logger }, 'it has to wait');
  wait.failed(new Error('a bug'));
  wait.failed(new Error('a bug'));
  expect(logger.entries).toHaveLength(2);
});
