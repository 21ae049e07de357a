/** Knows the names and addresses of this machine, which a Host header may have without the token. */
import { hostname, networkInterfaces } from 'node:os';
import type { Clock } from '../../../../shared/clock.js';
import { canonicalAddress, isLoopback } from '../../../../shared/node/ip-address.js';

/** This machine's names and addresses, from the operating system. Replaced in tests. */
export interface MachineNames {
  hostname(): string;
  addresses(): readonly string[];
}

export const machineNames: MachineNames = {
  hostname,
  addresses: () => Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address)),
};

/** Addresses change (DHCP, a VPN), but reading them costs a system call, so they are read at most once per interval. */
const REREAD_MS = 2_000;

export interface OwnHosts {
  /** @param host  a host name or address as {@link parseHost} gives it. */
  has(host: string): boolean;
}

/**
 * Splits a Host header.
 * @returns the name lower-case without port and final dot, an IPv6 address without brackets; undefined for anything malformed
 */
export function parseHost(header: string): string | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(header);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) return undefined;
  return canonicalAddress(host) ?? (match?.[1] === undefined ? host.toLowerCase().replace(/\.$/, '') : undefined);
}

/** @param host  as {@link parseHost} gives it */
export function isLoopbackName(host: string): boolean {
  // RFC 6761, section 6.3: every name under .localhost is this machine.
  return host === 'localhost' || host.endsWith('.localhost') || isLoopback(host);
}

function namesOf(machine: MachineNames): Set<string> {
  const full = machine.hostname().toLowerCase().replace(/\.$/, '');
  const short = full.split('.')[0] ?? full;
  const addresses = machine.addresses().map((address) => canonicalAddress(address) ?? address);
  return new Set([full, short, `${short}.local`, ...addresses].filter((name) => name !== ''));
}

export function createOwnHosts(machine: MachineNames, clock: Clock): OwnHosts {
  let names = new Set<string>();
  let readAtMs = Number.NEGATIVE_INFINITY;
  const known = (host: string): boolean => {
    if (names.has(host)) return true;
    if (Math.abs(clock.now() - readAtMs) < REREAD_MS) return false;
    names = namesOf(machine);
    readAtMs = clock.now();
    return names.has(host);
  };
  return { has: (host) => isLoopbackName(host) || known(host) };
}
