import { existsSync } from 'node:fs';
import type { GatewayPaths } from '../../shared/node/process/paths.js';

/** Whether nothing has ever run in this home. Ask before the start. */
export function isFirstStart(paths: GatewayPaths): boolean {
  return !existsSync(paths.tokenPath) && !existsSync(paths.databasePath);
}
