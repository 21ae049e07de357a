/**
 * Explains why an address cannot be listened on, for the gateway that tries to and for the command that checks before an
 * installation.
 */
import { GatewayError } from '../errors.js';

/** Returns the error for a port on which another program listens. */
export function portTaken(host: string, port: number): GatewayError {
  return new GatewayError('PORT_TAKEN', {
    message: `port ${port} on ${host} is taken by another program`,
    details: { host, port },
    hint: 'Stop that program, or choose another port with --port or gateway.port.',
  });
}

/** Returns the error for another host on the port of the running gateway: its own socket is in the way. */
export function hostFixed(host: string, current: { host: string; port: number }): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `a running gateway cannot move from ${current.host} to ${host} on the same port (${current.port})`,
    details: { host, port: current.port },
    hint: 'Stop it with: xopc gateway stop   Start it again with: xopc gateway start',
  });
}

/** Whether an error is that of {@link hostFixed}, even if it comes from another process. */
export function isHostFixed(error: unknown): error is GatewayError {
  return error instanceof GatewayError && error.code === 'CONFLICT' && typeof error.details?.['host'] === 'string';
}

const HOST_HINT = 'Use 0.0.0.0 for every interface or 127.0.0.1 for this machine alone.';

/** @param code  of the system's error */
export function listenError(code: string, { host, port }: { host: string; port: number }): GatewayError {
  switch (code) {
    case 'EADDRINUSE':
      return portTaken(host, port);
    case 'EACCES':
      return new GatewayError('CONFIG_INVALID', {
        message: `this user may not listen on port ${port}`,
        hint: 'Choose a port from 1024 on, e.g. --port 18790.',
      });
    case 'EADDRNOTAVAIL':
      return new GatewayError('CONFIG_INVALID', { message: `gateway.host '${host}' is not an address of this machine`, hint: HOST_HINT });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new GatewayError('CONFIG_INVALID', { message: `gateway.host '${host}' does not resolve to an address`, hint: HOST_HINT });
    default:
      return new GatewayError('CONFIG_INVALID', { message: `cannot listen on ${host}:${port} (${code})` });
  }
}
