/**
 * Which process a pid means: a pid alone is reused, so an identity adds the start time, the boot, the pid namespace and
 * the machine. Linux is read from /proc; macOS from `ps` and `sysctl`; Windows from CIM.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { sha256Hex } from '../../sha256.js';
import { childEnvironment } from './env.js';

/** Enough to tell a process from every other one, now and later. null: the platform does not say. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque and exact; only equality means anything. */
  readonly startTime: string | null;
  readonly bootId: string | null;
  readonly pidNamespace: string | null;
  readonly machineId: string | null;
}

/** `foreign`: another pid namespace or machine, so its pid says nothing here; judge it by its control socket or its age. */
type ProcessVerdict = 'alive' | 'dead' | 'foreign';

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    // Absent on this platform, or hidden from us: "unknown" is what callers handle.
    return undefined;
  }
}

function runText(command: string, args: readonly string[]): string | undefined {
  try {
    // Loaded here only: on Linux nobody needs it, and it costs every command 2 ms.
    const { execFileSync } = process.getBuiltinModule('node:child_process');
    const output = execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
      windowsHide: true,
      env: childEnvironment({ LC_ALL: 'C' }),
    });
    return output.trim() || undefined;
  } catch {
    // `ps` exits 1 for a pid that does not exist.
    return undefined;
  }
}

interface ProcStat {
  readonly state: string;
  readonly parentPid: number;
  readonly startTime: string;
}

/**
 * State letter, parent and start time from the text of /proc/{pid}/stat (proc(5), fields 3, 4 and 22). The second field is the
 * program's name in parentheses and may itself hold spaces and parentheses, so counting starts behind the last one.
 */
export function parseProcStat(stat: string): ProcStat | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTime = fields[19];
  return state && startTime && /^\d+$/.test(startTime) ? { state, parentPid: Number(fields[1]), startTime } : undefined;
}

function readProcStat(pid: number): ProcStat | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : parseProcStat(stat);
}

/** When a process started, opaque. @returns undefined when there is no such process or the platform hides it */
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

/** @returns undefined when there is no such process, or the platform does not say */
export function readParentPid(pid: number): number | undefined {
  if (!isPid(pid) || process.platform === 'win32') return undefined;
  if (process.platform === 'linux') return readProcStat(pid)?.parentPid;
  const parent = Number(runText('/bin/ps', ['-o', 'ppid=', '-p', String(pid)]));
  return isPid(parent) ? parent : undefined;
}

/** Ticks of a second in Linux's start times (USER_HZ, part of the kernel's interface). */
const TICKS_PER_SECOND = 100;

/**
 * When this process was made, in epoch milliseconds. On Linux that is the fork, before a launcher's `exec`; elsewhere,
 * and where a container shows another uptime, the start of Node.
 */
export function ownStartMs(): number {
  const ticks = Number(readProcStat(process.pid)?.startTime);
  const uptimeSeconds = Number(readText('/proc/uptime')?.split(' ')[0]);
  const startMs = Date.now() - (uptimeSeconds - ticks / TICKS_PER_SECOND) * 1_000;
  const isPlausible = startMs <= performance.timeOrigin && performance.timeOrigin - startMs < 600_000;
  return isPlausible ? startMs : performance.timeOrigin;
}

/** This boot of the kernel. Containers of one host share it, so it does not change when only a container restarts. */
export function bootId(): string | null {
  if (process.platform === 'linux') return readText('/proc/sys/kernel/random/boot_id') ?? null;
  if (process.platform === 'darwin') return runText('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid']) ?? null;
  return null;
}

/** e.g. `pid:[4026531836]`; null where there are no pid namespaces. */
export function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}

/** First 16 hex digits of a hash over /etc/machine-id (machine-id(5) asks not to show the id itself), or null. */
export function machineId(): string | null {
  const id = readText('/etc/machine-id') ?? readText('/var/lib/dbus/machine-id');
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

/** Whether a process with this pid runs now. EPERM means that it does, as somebody else; a zombie has ended. */
export function isAlive(pid: number): boolean {
  if (!isPid(pid)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return !isZombie(pid);
}

/** The identity of a process of this machine and pid namespace. */
export function readIdentity(pid: number): ProcessIdentity {
  return { pid, startTime: readStartTime(pid) ?? null, bootId: bootId(), pidNamespace: pidNamespace(), machineId: machineId() };
}

export function selfIdentity(): ProcessIdentity {
  return readIdentity(process.pid);
}

function differs(left: string | null, right: string | null): boolean {
  return left !== null && right !== null && left !== right;
}

/**
 * Whether the process with this identity still runs.
 * Another boot of the same machine ended it for certain. Where the machine is unknown (many containers have no machine
 * id), another boot may as well be another machine that shares the directory, so that is `foreign`.
 */
export function judgeProcess(identity: ProcessIdentity): ProcessVerdict {
  const machine = machineId();
  if (differs(identity.machineId, machine)) return 'foreign';
  if (differs(identity.bootId, bootId())) return identity.machineId !== null && machine !== null ? 'dead' : 'foreign';
  if (differs(identity.pidNamespace, pidNamespace())) return 'foreign';
  return isSameProcess(identity) ? 'alive' : 'dead';
}

/** Whether `pid` runs and started when the record says. An unknown start time on either side leaves the pid alone to decide. */
export function isSameProcess(identity: { readonly pid: number; readonly startTime: string | null }): boolean {
  if (!isAlive(identity.pid)) return false;
  return identity.startTime === null || !differs(identity.startTime, readStartTime(identity.pid) ?? null);
}
