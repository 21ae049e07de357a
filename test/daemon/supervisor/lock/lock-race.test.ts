import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLock } from '../../../../shared/node/files/lock-record.js';
import { buildFixture } from '../../../helpers/fixture-process.js';
import { type Answer, deadRecord, LockTaker } from '../../../helpers/lock-takers.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const STARTERS = 20;

const byType = <T extends Answer['type']>(answers: readonly Answer[], type: T): Extract<Answer, { type: T }>[] =>
  answers.filter((answer): answer is Extract<Answer, { type: T }> => answer.type === type);

async function expectOneWinner(takers: readonly LockTaker[], path: string, round: number): Promise<void> {
  const answers = await Promise.all(takers.map((taker) => taker.take({ path, round })));
  const winners = byType(answers, 'won');
  expect(winners).toHaveLength(1);
  const pid = winners[0]?.pid;
  expect(readLock(path)).toMatchObject({ pid, instanceId: `gw_${pid}_${round}` });
  const losers = byType(answers, 'lost');
  expect(losers).toHaveLength(STARTERS - 1);
  for (const { error } of losers) expect(error).toMatchObject({ code: 'LOCK_HELD', details: { pid } });
  await takers.find((taker) => taker.pid === pid)?.release();
}

const dead = (path: string): void => writeFileSync(path, JSON.stringify(deadRecord()));

test.each([
  ['an absent lock', 3, () => undefined, []],
  ['the lock of a gateway that is gone', 6, dead, []],
  ['a lock that cannot be read', 4, (path: string) => writeFileSync(path, 'half a rec'), ['gateway.lock.bad']],
  [
    'the lock of a gateway that is gone, at which another start died',
    3,
    (path: string): void => {
      dead(path);
      // Somebody was killed in the middle of an earlier reclaim, and left what he had.
      writeFileSync(`${path}.reclaim.0123456789abcdef.1`, JSON.stringify(deadRecord({ instanceId: 'gw_dead_too' })));
    },
    [],
  ],
] as const)(
  `of ${STARTERS} starts at once on %s exactly one wins, and the others name it`,
  async (...[, rounds, prepare, left]) => {
    const script = buildFixture('lock-taker');
    const takers = await Promise.all(Array.from({ length: STARTERS }, () => LockTaker.start(script)));
    const root = tempDir();
    for (let round = 0; round < rounds; round += 1) {
      const directory = join(root, String(round));
      mkdirSync(directory);
      prepare(join(directory, 'gateway.lock'));
      await expectOneWinner(takers, join(directory, 'gateway.lock'), round);
      expect(readdirSync(directory)).toEqual(left);
    }
  },
  60_000,
);
