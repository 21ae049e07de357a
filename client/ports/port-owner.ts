/** Finds the processes that listen on a port; clients of the port, such as browsers, do not count. */
import { existsSync } from 'node:fs';
import { findLsofListeners, findNetstatListeners } from './command-listeners.js';
import { isInTheWay, type PortListener } from './port-listener.js';
import { findProcListeners } from './proc-listeners.js';

function findListeners(port: number): PortListener[] {
  if (process.platform === 'win32') return findNetstatListeners(port) ?? [];
  if (existsSync('/proc/net/tcp')) return findProcListeners(port);
  return findLsofListeners(port) ?? [];
}

/**
 * Returns the processes whose listening socket blocks `host`:`port`. Several may share one socket. Empty when the port is free or the
 * platform cannot tell.
 */
export function findPortOwners(host: string, port: number): PortListener[] {
  if (port === 0) return [];
  const listeners = findListeners(port).filter((listener) => isInTheWay(listener.address, host));
  return [...new Map(listeners.map((listener) => [listener.pid ?? `${listener.address} ${listener.uid}`, listener])).values()];
}
