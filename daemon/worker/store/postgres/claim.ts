/**
 * The claim of one gateway to a database: each worker has a row, written and judged by the database's clock. While a row of another
 * gateway is valid, the database is not opened. Whoever takes over removes the expired rows, and a worker whose row is gone writes nothing.
 */
import { randomUUID } from 'node:crypto';
import { storeUnavailable } from '../engine.js';
import type { Session } from './driver.js';

/** A row that is not renewed any more is void after this time. */
const LIFETIME_S = 15;
export const RENEW_MS = 5_000;

const VALID_UNTIL = `clock_timestamp() + interval '${LIFETIME_S} seconds'`;

/** What tells one gateway from another: its host with the boot that it runs in, and its directory. The workers of one gateway share it. */
export interface Lineage {
  readonly id: string;
  /** For people. */
  readonly name: string;
}

export class Claim {
  /** This worker's row. */
  readonly id: string = randomUUID();
  readonly #lineage: Lineage;
  readonly #place: string;

  constructor(options: { lineage: Lineage; place: string }) {
    this.#lineage = options.lineage;
    this.#place = options.place;
  }

  /** Runs in a transaction that holds the lock for writing. @throws STORE_UNAVAILABLE while another gateway has the database */
  async take(session: Session): Promise<void> {
    await session.run('delete from instances where expires_at <= clock_timestamp()');
    const { rows } = await session.run<{ name: string }>('select name from instances where lineage <> $1 limit 1', [this.#lineage.id]);
    const [other] = rows;
    if (other !== undefined) {
      throw storeUnavailable(
        this.#place,
        `another gateway uses it (${other.name}); if that one has ended, this one takes over within ${LIFETIME_S} seconds`,
      );
    }
    await session.run(
      `insert into instances (id, lineage, name, expires_at) values ($1, $2, $3, ${VALID_UNTIL})
      on conflict (id) do update set expires_at = excluded.expires_at`,
      [this.id, this.#lineage.id, this.#lineage.name],
    );
  }

  async renew(run: Pick<Session, 'run'>): Promise<void> {
    await run.run(`update instances set expires_at = ${VALID_UNTIL} where id = $1`, [this.id]);
  }

  async release(run: Pick<Session, 'run'>): Promise<void> {
    await run.run('delete from instances where id = $1', [this.id]);
  }
}
