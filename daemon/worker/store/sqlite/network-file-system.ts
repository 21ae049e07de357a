/**
 * Tells whether a directory is on a network file system. There SQLite can damage a database: its write-ahead log needs memory that all of its
 * users share, and its locks need a file system that keeps them (https://www.sqlite.org/wal.html, https://www.sqlite.org/faq.html#q5).
 */
import { readFileSync, statfsSync, statSync } from 'node:fs';

/** The data from the system. Only Linux has numbers for types of file systems. */
export interface FileSystemFacts {
  readonly platform: NodeJS.Platform;
  /** `f_type` of statfs(2). */
  type(directory: string): bigint;
  /** Number of the device. */
  device(directory: string): number;
  /** Table of the mounted file systems, proc_pid_mountinfo(5). */
  mounts(): string;
}

const SYSTEM: FileSystemFacts = {
  platform: process.platform,
  type: (directory) => statfsSync(directory, { bigint: true }).type,
  device: (directory) => statSync(directory).dev,
  mounts: () => readFileSync('/proc/self/mountinfo', 'utf8'),
};

/** Numbers of include/uapi/linux/magic.h in Linux's source. */
const NETWORK: ReadonlyMap<bigint, string> = new Map([
  [0x6969n, 'NFS'],
  [0x517bn, 'SMB'],
  [0xff534d42n, 'SMB'],
  [0xfe534d42n, 'SMB'],
  [0x01021997n, '9p'],
]);
const FUSE = 0x65735546n;

/**
 * Types in the table of mounts that share FUSE's number, and keep their files on this machine or, for a virtual machine and its containers, on
 * its host.
 */
const LOCAL_FUSE: ReadonlySet<string> = new Set([
  'virtiofs',
  'fuseblk',
  'fakeowner',
  'fuse.grpcfuse',
  'fuse.osxfs',
  ...['bindfs', 'cryfs', 'encfs', 'fuse-overlayfs', 'gocryptfs', 'mergerfs', 'ntfs-3g', 'shfs', 'unionfs'].map((name) => `fuse.${name}`),
]);

/** Returns the type in the line of that device: `36 35 0:39 / /mnt rw,relatime shared:1 - fuse.sshfs host: rw`. */
function mountedType(mounts: string, device: number): string | undefined {
  // As in makedev(3) of glibc, for the 32 bits that Linux uses.
  const number = `${(device >>> 8) & 0xfff}:${(device & 0xff) | ((device >>> 12) & 0xfff00)}`;
  const line = mounts.split('\n').find((candidate) => candidate.split(' ')[2] === number);
  return line?.split(' - ')[1]?.split(' ')[0];
}

/** Returns the name of the network file system that `directory` is on; undefined where it is on none. @throws errors of the system */
export function findNetworkFileSystem(directory: string, facts: FileSystemFacts = SYSTEM): string | undefined {
  if (facts.platform !== 'linux') return undefined;
  // A 32-bit system extends the number's sign.
  const type = BigInt.asUintN(32, facts.type(directory));
  if (type !== FUSE) return NETWORK.get(type);
  const name = mountedType(facts.mounts(), facts.device(directory)) ?? 'fuse';
  return LOCAL_FUSE.has(name) ? undefined : `FUSE (${name})`;
}
