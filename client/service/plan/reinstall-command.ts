/** The command that repeats an installation. */
import { pathWord } from '../../../shared/node/path-word.js';
import { shellWord } from '../../../shared/text/shell-word.js';
import type { ServicePlan } from './service-plan.js';

/** The options given to `install`, as words of a command line; the configuration is not among them. */
export function installOptions({ port, host, socket, program }: ServicePlan): string[] {
  return [
    ...(port === null ? [] : ['--port', String(port)]),
    ...(host === null ? [] : ['--host', host]),
    ...(socket === null ? [] : ['--socket']),
    ...(program.runtime === 'binary' ? ['--runtime', 'binary'] : []),
  ];
}

/** The command that updates an installation with its original options. */
export function reinstallCommand(plan: ServicePlan): string {
  const config = plan.configPath === null ? [] : ['--config', pathWord(plan.configPath)];
  return ['xopc gateway install', ...config, ...installOptions(plan).map(shellWord)].join(' ');
}
