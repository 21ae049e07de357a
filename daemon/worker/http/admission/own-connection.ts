/**
 * Checks whether a loopback connection was opened by a process of the gateway's own user: the kernel lists the client's end with
 * its owner. Linux only.
 */
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { endianness } from 'node:os';
import { parseAddress } from '../../../../shared/node/ip-address.js';
import { environmentValue } from '../../../../shared/node/process/env.js';

/** The part of a socket that is read. */
export type ConnectionEnds = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>;

/** At most this much of each table is read: some 30,000 connections. */
const MAX_BYTES = 4_194_304;
/** Stands for every owner without an id in our user namespace. */
const OVERFLOW_UID = 65_534;
const ESTABLISHED = '01';
const MAPPED_PREFIX = [...Array<number>(10).fill(0), 0xff, 0xff];

/** Formats an address as the kernel prints it: 32-bit words in the machine's byte order. */
function printed(bytes: readonly number[], port: number): string {
  const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
  const words = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.slice(index * 4, index * 4 + 4));
  const ordered = words.flatMap((word) => (endianness() === 'LE' ? word.toReversed() : word));
  return `${ordered.map(hex).join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

/** Table → the client's and the server's end as printed there. An IPv4 connection may be one of an IPv6 socket. */
function rowsOf({ remoteAddress, remotePort, localAddress, localPort }: ConnectionEnds): [table: string, row: string][] {
  const remote = parseAddress(remoteAddress ?? '')?.toByteArray();
  const local = parseAddress(localAddress ?? '')?.toByteArray();
  if (remote === undefined || local === undefined || remotePort === undefined || localPort === undefined) return [];
  const row = (prefix: readonly number[]): string =>
    `${printed([...prefix, ...remote], remotePort)} ${printed([...prefix, ...local], localPort)} ${ESTABLISHED} `;
  if (remote.length === 16) return [['tcp6', row([])]];
  return [
    ['tcp', row([])],
    ['tcp6', row(MAPPED_PREFIX)],
  ];
}

/** Returns the user that owns the row of a table; undefined if there is none. @throws if the table cannot be read */
async function findOwner(table: string, row: string): Promise<number | undefined> {
  let text = '';
  for await (const chunk of createReadStream(table, { encoding: 'latin1', end: MAX_BYTES - 1 })) text += chunk as string;
  const at = text.indexOf(row);
  if (at === -1) return undefined;
  const [, , , , , , uid, , inode] = (text.slice(at).split('\n', 1)[0] ?? '').split(/\s+/);
  // No process has it open now.
  return inode === '0' ? undefined : Number(uid);
}

/**
 * @param options.uid  the user that must own it. Default: ours
 * @param options.directory  where the tables are. Default: /proc/net
 * @returns false if the owner cannot be determined
 */
export async function isOwnConnection(socket: ConnectionEnds, options: { uid?: number; directory?: string } = {}): Promise<boolean> {
  const { uid = process.geteuid?.() ?? OVERFLOW_UID, directory = '/proc/net' } = options;
  if (uid === OVERFLOW_UID) return false;
  try {
    for (const [table, row] of rowsOf(socket)) {
      const owner = await findOwner(`${directory}/${table}`, row);
      if (owner !== undefined) return owner === uid;
    }
  } catch {
    // No IPv6, or no /proc.
  }
  return false;
}

const CONTAINER_FILES = ['.dockerenv', 'run/.containerenv', 'run/systemd/container'];
const CONTAINER_VARIABLES = ['container', 'KUBERNETES_SERVICE_HOST'];
/** The map of the initial user namespace, in which each id stands for itself. */
const ALL_USERS = /^\s*0\s+0\s+4294967295\s*$/;

/** Whether the listed owners are users of this machine: true on Linux, outside containers and user namespaces. */
export function knowsOwners(root = '/'): boolean {
  if (process.platform !== 'linux' || CONTAINER_VARIABLES.some((name) => environmentValue(name) !== undefined)) return false;
  if (CONTAINER_FILES.some((path) => existsSync(root + path))) return false;
  try {
    return ALL_USERS.test(readFileSync(`${root}proc/self/uid_map`, 'latin1'));
  } catch {
    return false;
  }
}
