/** The command that repeats an installation. */
import { pathWord } from '../../../shared/node/path-word.js';
import { shellWord } from '../../../shared/text/shell-word.js';
import type { ServicePlan } from './service-plan.js';

/**
 * The options given to `install`, as words of a command line, without configuration and runtime: whether the latter can be repeated
 * depends on the program that installs.
 */
export function installOptions({ port, host, socket }: ServicePlan): string[] {
  return [
    ...(port === null ? [] : ['--port', String(port)]),
    ...(host === null ? [] : ['--host', host]),
    ...(socket === null ? [] : ['--socket']),
  ];
}

/** The command that installs the service again by whatever program of ours is found. */
export function installAgainCommand(plan: ServicePlan): string {
  const config = plan.configPath === null ? [] : ['--config', pathWord(plan.configPath)];
  return ['xopc gateway install', ...config, ...installOptions(plan).map(shellWord)].join(' ');
}

/** The command that moves the gateway to another port, which the user puts in. @param plan  of its service */
export function otherPortCommand(plan: ServicePlan | undefined): string {
  // The port given to `install` overrides the configured one.
  if (plan === undefined || plan.port === null) return 'xopc config set gateway.port PORT';
  return `${reinstallCommand({ ...plan, port: null })} --port PORT`;
}

/** The command that updates an installation with its original options. */
export function reinstallCommand(plan: ServicePlan): string {
  return installAgainCommand(plan) + (plan.program.runtime === 'binary' ? ' --runtime binary' : '');
}
