/** Finds the listeners of a port in Linux's /proc: the socket table, then the processes that hold the socket. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readStartTime } from '../../shared/node/process/process-identity.js';
import { type PortListener, programName } from './port-listener.js';

/** TCP_LISTEN in include/net/tcp_states.h: a client of the port has another state. */
const LISTEN_STATE = '0A';
const MAX_COMMAND_LINE = 200;

interface ListeningSocket {
  readonly address: string;
  readonly uid: number;
  readonly inode: string;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has exited or belongs to another user.
    return '';
  }
}

/** The kernel prints each 32-bit word in the machine's byte order, which is little-endian wherever Node runs. */
function parseAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.slice(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 0xff));
  if (isMapped) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** Reads the text of /proc/net/tcp or tcp6 (proc_net_tcp in the kernel's documentation). */
export function parseSocketTable(table: string, port: number): ListeningSocket[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, local = '', , state, , , , uid = '', , inode = '']) => {
      const [address = '', hexPort = ''] = local.split(':');
      if (state !== LISTEN_STATE || Number.parseInt(hexPort, 16) !== port) return [];
      return [{ address: parseAddress(address), uid: Number(uid), inode }];
    });
}

function holdsSocket(pid: string, links: ReadonlySet<string>): string | undefined {
  let descriptors: string[];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return undefined;
  }
  for (const descriptor of descriptors) {
    try {
      const link = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
      if (links.has(link)) return link.slice('socket:['.length, -1);
    } catch {
      // Closed in the meantime.
    }
  }
  return undefined;
}

/** Socket inode → pids that hold it; a supervisor and its workers share one. */
function findHolders(inodes: readonly string[]): Map<string, number[]> {
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const holders = new Map<string, number[]>();
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const inode = holdsSocket(pid, links);
    if (inode !== undefined) holders.set(inode, [...(holders.get(inode) ?? []), Number(pid)]);
  }
  return holders;
}

function userName(uid: number): string | null {
  const line = readOrEmpty('/etc/passwd')
    .split('\n')
    .find((entry) => entry.split(':')[2] === String(uid));
  return line?.split(':')[0] ?? null;
}

function ownerOf(pid: number, fallback: number): number {
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1];
  return uid === undefined ? fallback : Number(uid);
}

function describeHolder(pid: number, socket: ListeningSocket): PortListener {
  const uid = ownerOf(pid, socket.uid);
  const call = readOrEmpty(`/proc/${pid}/cmdline`).split('\0');
  return {
    pid,
    uid,
    user: userName(uid),
    name: programName(readOrEmpty(`/proc/${pid}/comm`).trim(), call[0] ?? ''),
    commandLine: call.join(' ').trim().slice(0, MAX_COMMAND_LINE),
    startTime: readStartTime(pid) ?? null,
    address: socket.address,
  };
}

/** All listeners of a port in this network namespace. */
export function findProcListeners(port: number): PortListener[] {
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => parseSocketTable(readOrEmpty(path), port));
  if (sockets.length === 0) return [];
  const holders = findHolders(sockets.map((socket) => socket.inode));
  return sockets.flatMap((socket) => {
    const pids = holders.get(socket.inode) ?? [];
    const hidden = {
      pid: null,
      uid: socket.uid,
      user: userName(socket.uid),
      name: '',
      commandLine: '',
      startTime: null,
      address: socket.address,
    };
    return pids.length === 0 ? [hidden] : pids.map((pid) => describeHolder(pid, socket));
  });
}
