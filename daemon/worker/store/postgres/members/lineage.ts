/** Identifies a gateway in a database shared by several. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Lineage } from './membership.js';

/** Differs for each boot, because a copied machine has the same name and directories. Empty if unknown. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Returns an id shared by all workers of the gateway with this data directory, and by no other gateway. */
export function lineageOf(dataDir: string): Lineage {
  const host = hostname();
  return { id: JSON.stringify([host, bootId(), dataDir]), name: `${dataDir} on ${host}` };
}
