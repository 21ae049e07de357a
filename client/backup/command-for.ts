import { join } from 'node:path';
import { isDefaultHome } from '../../shared/node/process/env.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { shellWord } from '../../shared/text/shell-word.js';

/**
 * Returns a command for this gateway, also in a shell without its variables: without the home, it would change the state of another
 * gateway.
 */
export function commandFor({ home, configPath }: Pick<GatewayPaths, 'home' | 'configPath'>, command: string): string {
  const variables = isDefaultHome(home) ? [] : [`XOPC_HOME=${shellWord(home)}`];
  const options = configPath === join(home, 'config.json') ? [] : ['--config', shellWord(configPath)];
  return [...variables, command, ...options].join(' ');
}
