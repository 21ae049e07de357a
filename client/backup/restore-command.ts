import { join } from 'node:path';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { shellWord } from '../../shared/text/shell-word.js';

/** Returns the command that restores `source` into this gateway, which may not be the home's default gateway. */
export function restoreCommand(source: string, { home, configPath }: Pick<GatewayPaths, 'home' | 'configPath'>): string {
  const options = configPath === join(home, 'config.json') ? [] : ['--config', shellWord(configPath)];
  return ['xopc restore', shellWord(source), ...options].join(' ');
}
