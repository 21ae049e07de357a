/**
 * Identifies a process. Pids are reused, so an identity adds the start time, the boot, the pid namespace and the machine. They are read
 * from /proc on Linux, from `ps` and `sysctl` on macOS, and from CIM on Windows.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { sha256Hex } from '../../sha256.js';
import { programOutput } from './program-output.js';

/** Distinguishes a process from every other one, now and later. Fields are null if not available on this platform. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque and exact; can only be compared for equality. */
  readonly startTime: string | null;
  readonly bootId: string | null;
  readonly pidNamespace: string | null;
  readonly machineId: string | null;
}

/**
 * `foreign`: in another pid namespace or on another machine, so that its pid means nothing here; its control socket or its age has
 * to decide.
 */
type ProcessVerdict = 'alive' | 'dead' | 'foreign';

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    // Absent on this platform, or not readable: callers handle "unknown".
    return undefined;
  }
}

/** `ps` prints nothing for a pid that does not exist. */
function runText(command: string, args: readonly string[]): string | undefined {
  return programOutput(command, args)?.trim() || undefined;
}

interface ProcStat {
  readonly state: string;
  readonly parentPid: number;
  readonly group: number;
  readonly threads: number;
  readonly startTime: string;
}

/**
 * Parses state letter, parent, process group, number of threads and start time from the text of /proc/{pid}/stat (proc(5), fields 3, 4, 5, 20 and 22). Field 2 is the program's
 * name in parentheses and may contain spaces and parentheses, so fields are counted from the last closing parenthesis.
 */
export function parseProcStat(stat: string): ProcStat | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTime = fields[19];
  return state && startTime && /^\d+$/.test(startTime)
    ? { state, parentPid: Number(fields[1]), group: Number(fields[2]), threads: Number(fields[17]), startTime }
    : undefined;
}

function readProcStat(pid: number): ProcStat | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : parseProcStat(stat);
}

/** Returns when a process started, opaque; undefined when it does not exist or the platform hides it. */
export function readStartTime(pid: number): string | undefined {
  if (!isPid(pid)) return undefined;
  switch (process.platform) {
    case 'linux':
      return readProcStat(pid)?.startTime;
    case 'win32':
      return runText('powershell.exe', [
        '-NoProfile',
        '-NonInteractive',
        '-Command',
        `(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").CreationDate.ToFileTimeUtc()`,
      ]);
    default:
      return runText('/bin/ps', ['-o', 'lstart=', '-p', String(pid)]);
  }
}

/** Returns undefined when the process does not exist or the platform does not report it. */
export function readParentPid(pid: number): number | undefined {
  if (!isPid(pid) || process.platform === 'win32') return undefined;
  if (process.platform === 'linux') return readProcStat(pid)?.parentPid;
  const parent = Number(runText('/bin/ps', ['-o', 'ppid=', '-p', String(pid)]));
  return isPid(parent) ? parent : undefined;
}

/** Ticks per second in Linux's start times (USER_HZ, part of the kernel's interface). */
const TICKS_PER_SECOND = 100;

/**
 * Returns when this process was created, in epoch milliseconds. On Linux that is the fork, before a launcher's `exec`; elsewhere, and
 * where a container reports another uptime, it is the start of Node.
 */
export function ownStartMs(): number {
  const ticks = Number(readProcStat(process.pid)?.startTime);
  const uptimeSeconds = Number(readText('/proc/uptime')?.split(' ')[0]);
  const startMs = Date.now() - (uptimeSeconds - ticks / TICKS_PER_SECOND) * 1_000;
  const isPlausible = startMs <= performance.timeOrigin && performance.timeOrigin - startMs < 600_000;
  return isPlausible ? startMs : performance.timeOrigin;
}

/** Identifies this boot of the kernel. Containers of one host share it: it does not change when only a container restarts. */
export function bootId(): string | null {
  if (process.platform === 'linux') return readText('/proc/sys/kernel/random/boot_id') ?? null;
  if (process.platform === 'darwin') return runText('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid']) ?? null;
  return null;
}

/** Returns e.g. `pid:[4026531836]`; null where there are no pid namespaces. */
export function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}

/**
 * Returns the id of a container if that is its host name, the default of Docker and Podman: no other machine has the same container. A
 * pod, or a container with a name of its own, may move to another machine.
 */
export const containerId = (hostName: string): string | undefined => (/^[0-9a-f]{12}$/.test(hostName) ? hostName : undefined);

/**
 * Returns the first 16 hex digits of a hash over /etc/machine-id (machine-id(5) says not to expose the id itself), or of the container's
 * id where there is none, or null.
 */
export function machineId(): string | null {
  const id = readText('/etc/machine-id') ?? readText('/var/lib/dbus/machine-id') ?? containerId(hostname());
  return id === undefined ? null : sha256Hex(`xopc:${id}`).slice(0, 16);
}

function isPid(pid: number): boolean {
  return Number.isSafeInteger(pid) && pid > 0;
}

function isZombie(pid: number): boolean {
  if (process.platform === 'linux') return /^[ZXx]$/.test(readProcStat(pid)?.state ?? '');
  if (process.platform === 'win32') return false;
  return runText('/bin/ps', ['-o', 'state=', '-p', String(pid)])?.startsWith('Z') ?? false;
}

/** Whether a process with this pid is running. EPERM means that it is, as another user; a zombie counts as ended. */
export function isAlive(pid: number): boolean {
  if (!isPid(pid)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return !isZombie(pid);
}

/** Returns the identity of a process of this machine and pid namespace; default: of this process. */
export function readIdentity(pid = process.pid): ProcessIdentity {
  return { pid, startTime: readStartTime(pid) ?? null, bootId: bootId(), pidNamespace: pidNamespace(), machineId: machineId() };
}

function differs(left: string | null, right: string | null): boolean {
  return left !== null && right !== null && left !== right;
}

/** Whether a process runs, or ran, on this kernel since it was booted; false if unknown. @param boot  default: this one */
export function isOfBoot({ bootId: id }: Pick<ProcessIdentity, 'bootId'>, boot = bootId()): boolean {
  return id !== null && id === boot;
}

/**
 * Classifies a process by its identity. A process of another boot of the same machine is dead. Where the machine is unknown (many
 * containers have no machine id), another boot may be another machine that shares the directory: that is `foreign`.
 */
export function classifyProcess(identity: ProcessIdentity): ProcessVerdict {
  const boot = bootId();
  // In this boot, the machine's id says nothing: a container that shares its host's processes has another one.
  if (!isOfBoot(identity, boot)) {
    const machine = machineId();
    if (differs(identity.machineId, machine)) return 'foreign';
    if (differs(identity.bootId, boot)) return identity.machineId !== null && machine !== null ? 'dead' : 'foreign';
  }
  if (differs(identity.pidNamespace, pidNamespace())) return 'foreign';
  return isSameProcess(identity) ? 'alive' : 'dead';
}

/** Whether `pid` runs and has the recorded start time. Where either start time is unknown, the pid alone decides. */
export function isSameProcess(identity: { readonly pid: number; readonly startTime: string | null }): boolean {
  if (!isAlive(identity.pid)) return false;
  return identity.startTime === null || !differs(identity.startTime, readStartTime(identity.pid) ?? null);
}

/** Whether a process was started at least `ms` before this one, by the kernel's clock, which cannot be set. False if unknown. */
export function isOlder(identity: ProcessIdentity, ms: number): boolean {
  if (process.platform !== 'linux' || classifyProcess(identity) !== 'alive') return false;
  return Number(readStartTime(process.pid)) - Number(identity.startTime) >= (ms / 1_000) * TICKS_PER_SECOND;
}

/**
 * Whether nothing is left of the process. A killed process becomes a zombie when its first thread ends, but keeps its files and
 * sockets until the last thread has ended.
 */
export function isGone(identity: { readonly pid: number; readonly startTime: string | null }): boolean {
  if (isSameProcess(identity)) return false;
  const zombie = process.platform === 'linux' ? readProcStat(identity.pid) : undefined;
  return zombie === undefined || zombie.threads <= 1 || differs(identity.startTime, zombie.startTime);
}
