/** Lists and searches of SQLite, beside those of another checkout of the gateway that was built before. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { look, startSeeded } from './measure-messages.mjs';
import { LOOKS, SEEDED } from './measure-postgres.mjs';
import { row } from './statistics.mjs';

const ROUNDS = 3;

/** @returns nothing unless `XOPC_BENCH_BASE` names the checkout */
export async function measureBase() {
  const base = process.env['XOPC_BENCH_BASE'];
  if (base === undefined) return [];
  if (!existsSync(join(base, 'dist', 'worker.cjs'))) throw new Error(`${base} is not built`);
  const gateways = [];
  try {
    gateways.push(await startSeeded(SEEDED), await startSeeded(SEEDED, base));
    const result = [];
    for (const [name, path] of Object.entries(LOOKS)) {
      const [measured, floor] = [[], []];
      // In turn, so that what else the machine does meets both alike.
      for (let round = 0; round < ROUNDS; round++) {
        measured.push(...(await look(gateways[0], path)));
        floor.push(...(await look(gateways[1], path)));
      }
      result.push(
        row({ name: `${name}, SQLite`, unit: 'ms', measured, floor, floorName: 'XOPC_BENCH_BASE', note: `${SEEDED.messages} messages` }),
      );
    }
    return result;
  } finally {
    for (const gateway of gateways) await gateway.dispose();
  }
}
