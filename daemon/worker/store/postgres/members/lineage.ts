/** Names a gateway to a database that several could use. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Lineage } from './membership.js';

/** Differs for each boot, because a copied machine has the same name and directories. Empty where it is not known. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Returns what all workers of the gateway with this data directory have in common, and no other gateway. */
export function lineageOf(dataDir: string): Lineage {
  const host = hostname();
  return { id: JSON.stringify([host, bootId(), dataDir]), name: `${dataDir} on ${host}` };
}
