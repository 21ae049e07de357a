/** Finds the listeners of a port with `lsof` (macOS, BSD) and `netstat` (Windows). */
import { readStartTime } from '../../shared/node/process/process-identity.js';
import { programOutput } from '../../shared/node/process/program-output.js';
import { type PortListener, programName } from './port-listener.js';

/** Reads `lsof -F pcuLn`: one field per line, named by its first character; `p` begins a process, `n` a socket. */
export function parseLsof(text: string): Omit<PortListener, 'commandLine' | 'startTime'>[] {
  const found: Omit<PortListener, 'commandLine' | 'startTime'>[] = [];
  let current = { pid: 0, uid: null as number | null, user: null as string | null, name: '' };
  for (const line of text.split('\n')) {
    const value = line.slice(1);
    if (line.startsWith('p')) current = { pid: Number(value), uid: null, user: null, name: '' };
    else if (line.startsWith('c')) current = { ...current, name: value };
    else if (line.startsWith('u')) current = { ...current, uid: Number(value) };
    else if (line.startsWith('L')) current = { ...current, user: value };
    else if (line.startsWith('n')) found.push({ ...current, address: value.slice(0, value.lastIndexOf(':')) });
  }
  return found;
}

/** Reads `netstat -ano -p TCP`: the state's name is translated, so listeners are recognized by their remote address. */
export function parseNetstat(text: string, port: number): { pid: number; address: string }[] {
  return text.split('\n').flatMap((line) => {
    const [protocol, local = '', remote = '', , pid = ''] = line.trim().split(/\s+/);
    const isListener = protocol === 'TCP' && /^(0\.0\.0\.0|\[::\]):0$/.test(remote) && local.endsWith(`:${port}`) && /^\d+$/.test(pid);
    return isListener ? [{ pid: Number(pid), address: local.slice(0, local.lastIndexOf(':')) }] : [];
  });
}

/** @returns undefined when there is no lsof */
export function findLsofListeners(port: number): PortListener[] | undefined {
  const text = programOutput('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-F', 'pcuLn']);
  return text === undefined
    ? undefined
    : parseLsof(text).map((listener) => {
        const commandLine = (programOutput('ps', ['-o', 'command=', '-p', String(listener.pid)]) ?? '').trim().slice(0, 200);
        const name = programName(listener.name, commandLine.split(' ', 1)[0] ?? '');
        return { ...listener, name, commandLine, startTime: readStartTime(listener.pid ?? 0) ?? null };
      });
}

/** @returns undefined when there is no Windows netstat */
export function findNetstatListeners(port: number): PortListener[] | undefined {
  const text = programOutput('netstat', ['-ano', '-p', 'TCP']);
  if (text === undefined) return undefined;
  return parseNetstat(text, port).map(({ pid, address }) => {
    const task = programOutput('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH']) ?? '';
    const name = /^"([^"]+)"/.exec(task.trim())?.[1] ?? '';
    return { pid, address, name, commandLine: name, uid: null, user: null, startTime: readStartTime(pid) ?? null };
  });
}
