/** Options of a start with `--force` that the running gateway would not get, because the start does not replace it itself. */
import { GatewayError } from '../errors.js';
import { shellCommand } from '../text/shell-word.js';
import type { SuccessionOptions } from './messages.js';

interface OtherOptions {
  readonly wanted: SuccessionOptions;
  readonly inForce: SuccessionOptions;
  /** Name of the service manager that starts the gateway again; null: it is restarted in place (XOPC_NO_RESPAWN). */
  readonly serviceMarker: string | null;
}

/** @returns the error that refuses such a start; undefined if all of its options are in force already */
export function otherOptionsError({ wanted, inForce, serviceMarker }: OtherOptions): GatewayError | undefined {
  const names = (['port', 'host', 'token'] as const).filter((name) => wanted[name] !== undefined && wanted[name] !== inForce[name]);
  if (names.length === 0) return undefined;
  // A token is not shown.
  const options = names.map((name) => (name === 'token' ? '--token TOKEN' : shellCommand`--${name} ${wanted[name] ?? ''}`));
  const settings = names.map((name) =>
    name === 'token' ? 'xopc config set gateway.auth.api_key -' : shellCommand`xopc config set gateway.${name} ${wanted[name] ?? ''}`,
  );
  const reason =
    serviceMarker === null
      ? 'with XOPC_NO_RESPAWN the gateway is restarted in place'
      : `the service manager (${serviceMarker}) starts the gateway with its own options`;
  const [given, inFile] = [options.join(' '), settings.join(' and ')];
  return new GatewayError('CONFLICT', {
    message: `${given} cannot be applied: ${reason}`,
    hint:
      serviceMarker === null
        ? `Change it with: ${inFile}`
        : ['Change the service with: xopc gateway install', `${given}. For one installed by hand:`, inFile].join(' '),
  });
}
