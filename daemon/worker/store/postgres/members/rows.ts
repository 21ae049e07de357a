/** The rows of `instances` as a worker sees them. */
import type { Session } from '../driver.js';

/** How long a row is valid after each renewal. */
export const LIFETIME_S = 15;
export const RENEW_MS = 5_000;
/** For how long an expired row was seen unchanged, at least: each renewal is seen before the next one is due. */
const SILENT_MS = LIFETIME_S * 1_000 - RENEW_MS;

interface FoundRow {
  readonly id: string;
  readonly lineage: string;
  readonly name: string;
  readonly version: string;
  readonly build: string | null;
  readonly address: string | null;
  readonly settings: string;
  readonly joinedAtMs: number;
  readonly renewedAtMs: number;
  /** Until its row expires. */
  readonly leftMs: number;
}

export interface Row extends FoundRow {
  /** By the monotonic clock, when it was first seen with this renewal. */
  readonly seenAtMs: number;
}

const LOOK = `select id, lineage, name, version, build, address, settings, extract(epoch from joined_at) * 1000 as "joinedAtMs",
  extract(epoch from renewed_at) * 1000 as "renewedAtMs", extract(epoch from expires_at - clock_timestamp()) * 1000 as "leftMs"
  from instances order by joined_at, id`;

/**
 * Reads the rows. When the server's clock is set forward, all of them expire at once; so none counts as expired before it was seen
 * unchanged for some time. @param before  as they were read last
 */
export async function lookAgain(session: Session, before: readonly Row[]): Promise<readonly Row[]> {
  const known = new Map(before.map((row) => [row.id, row]));
  const { rows } = await session.run<FoundRow>(LOOK);
  const nowMs = performance.now();
  return rows.map((row) => {
    const seen = known.get(row.id);
    const seenAtMs = seen?.renewedAtMs === row.renewedAtMs ? seen.seenAtMs : nowMs;
    return { ...row, seenAtMs, leftMs: Math.max(row.leftMs, seenAtMs + SILENT_MS - nowMs) };
  });
}
