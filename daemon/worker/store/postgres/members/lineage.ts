/** Identifies a gateway in a database shared by several. */
import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { bootId } from '../../../../../shared/node/process/process-identity.js';
import type { Lineage } from './membership.js';

/** Containers on one host may use the same path, and even the same host name, for different directories. Null if unknown. */
function directoryId(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/** Returns an id shared by all workers of the gateway with this data directory, and by no other gateway. */
export function lineageOf(dataDir: string): Lineage {
  const host = hostname();
  // The boot, because a copied machine has the same name and directories.
  return { id: JSON.stringify([host, bootId(), dataDir, directoryId(dataDir)]), name: `${dataDir} on ${host}` };
}
