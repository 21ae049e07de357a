/** Describes a process that listens on a port, and tells whether it blocks an address. */
import { isIP } from 'node:net';
import { basename } from 'node:path';

export interface PortListener {
  /** null: another user's, hidden from us. */
  readonly pid: number | null;
  /** null if the platform does not report it. */
  readonly uid: number | null;
  readonly user: string | null;
  readonly name: string;
  readonly commandLine: string;
  readonly startTime: string | null;
  /** The address that it listens on. */
  readonly address: string;
}

/** Maximum length: the command line identifies a program, but a script given with `-e` would fill the screen. */
const MAX_SHOWN_COMMAND = 100;

const EVERYWHERE: readonly string[] = ['0.0.0.0', '::', '*'];

function bare(address: string): string {
  return address
    .replace(/^\[|\]$/g, '')
    .replace(/^::ffff:(?=\d+\.)/i, '')
    .replace(/%.*$/, '');
}

/** The names that Node 24 and Node 26 give their main thread; the system shows it as the process name. */
const NODE_THREADS = ['MainThread', 'node-MainThread'];

/** @param processName  as reported by the system @param program  as it was called: its first argument */
export function programName(processName: string, program: string): string {
  return NODE_THREADS.includes(processName) && program !== '' ? basename(program) : processName;
}

/** Whether a listener on `address` keeps `host` from being bound on the same port. A host name could mean any address. */
export function isInTheWay(address: string, host: string): boolean {
  const listening = bare(address);
  const wanted = bare(host);
  if (isIP(wanted) === 0 || EVERYWHERE.includes(listening)) return !(listening === '0.0.0.0' && isIP(wanted) === 6 && wanted !== '::');
  if (wanted === '::') return true;
  if (wanted === '0.0.0.0') return isIP(listening) === 4;
  return listening === wanted;
}

/** `nginx (pid 812, user www-data)`. */
export function describeListener({ name, pid, user, uid, commandLine }: PortListener): string {
  const owner = user ?? (uid === null ? undefined : `id ${uid}`);
  const facts = [pid === null ? undefined : `pid ${pid}`, owner === undefined ? undefined : `user ${owner}`].filter(
    (fact) => fact !== undefined,
  );
  const line = commandLine.replaceAll(/\s+/g, ' ');
  const command =
    line === '' || line === name ? '' : `: ${line.length > MAX_SHOWN_COMMAND ? `${line.slice(0, MAX_SHOWN_COMMAND)}…` : line}`;
  return `${name === '' ? 'a process' : name}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}${command}`;
}
