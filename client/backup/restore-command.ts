import { join } from 'node:path';
import { isDefaultHome } from '../../shared/node/process/env.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { shellWord } from '../../shared/text/shell-word.js';

/**
 * Returns the command that restores `source` into this gateway, also from a shell without its variables: without the home, it would
 * replace the state of another gateway.
 */
export function restoreCommand(source: string, { home, configPath }: Pick<GatewayPaths, 'home' | 'configPath'>): string {
  const variables = isDefaultHome(home) ? [] : [`XOPC_HOME=${shellWord(home)}`];
  const options = configPath === join(home, 'config.json') ? [] : ['--config', shellWord(configPath)];
  return [...variables, 'xopc restore', shellWord(source), ...options].join(' ');
}
