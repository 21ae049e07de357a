import { GatewayError } from './errors.js';

/** Returns the error for a port on which another program listens. */
export function portTaken(host: string, port: number): GatewayError {
  return new GatewayError('PORT_TAKEN', {
    message: `port ${port} on ${host} is taken by another program`,
    details: { host, port },
    hint: 'Stop it, choose another port with --port, or take the port over with: xopc gateway --force',
  });
}
