/** A small program in a process of its own, killed at the end of the test. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { readStartTime } from '../../shared/node/process/process-identity.js';

export interface ChildProgram {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly startTime: string | null;
  /** First line that it printed. */
  readonly line: string;
}

/** Runs JavaScript with `node -e` and waits for its first line of output. @param options.nodeOptions  in place of `-e` */
export async function startProgram(
  code: string,
  options: { detached?: boolean; nodeOptions?: readonly string[]; args?: readonly string[] } = {},
): Promise<ChildProgram> {
  const { detached = false, nodeOptions = ['-e'], args = [] } = options;
  const child = spawn(process.execPath, [...nodeOptions, code, ...args], { stdio: ['ignore', 'pipe', 'inherit'], detached });
  onTestFinished(() => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const pid = child.pid ?? -1;
  return { child, pid, startTime: readStartTime(pid) ?? null, line };
}

/** Prints its port once it listens. `host` and `port` as in `server.listen`. */
export function listenerCode(options: { host?: string; port?: number; before?: string } = {}): string {
  const { host = '127.0.0.1', port = 0, before = '' } = options;
  return `${before}; const s = require('net').createServer().listen({ host: '${host}', port: ${port} }, () => console.log(s.address().port))`;
}

/** Resolves with the exit code or signal. */
export async function endOf({ child }: ChildProgram): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}
