import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { PacedStarts } from '../../../../../daemon/worker/http/connection/paced-starts.js';

/** Adds 4 starts, each behind one whose client has gone. @returns the turns of the event loop in which they ran */
async function turnsOf(afterEachTurn: (paced: PacedStarts) => void): Promise<number[]> {
  const paced = new PacedStarts();
  const turns: number[] = [];
  let turn = 1;
  afterEachTurn(paced);
  for (let index = 0; index < 4; index += 1) {
    paced.add(() => false);
    paced.add(() => turns.push(turn) > 0);
  }
  for (; turn <= 30; turn += 1) {
    await setImmediate();
    afterEachTurn(paced);
  }
  return turns;
}

test('starts one in a turn while no connection is accepted', async () => {
  expect(await turnsOf(() => undefined)).toEqual([1, 2, 3, 4]);
});

test('starts one in three turns while connections are accepted', async () => {
  expect(await turnsOf((paced) => paced.noteAccepted())).toEqual([3, 6, 9, 12]);
});
