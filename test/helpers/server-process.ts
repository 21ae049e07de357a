/** A server of another project as a process that ends with the tests, even when they are killed. It never runs as root. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from './two-hosts.js';

/** As root: nobody. Servers of databases refuse to run as root. */
export const UNPRIVILEGED = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/**
 * Waits for the end of its input, which the end of this process closes. Then it ends the server and removes its directory, after 5 s at most: in
 * a container the ended server may remain in the table of processes.
 */
const WATCH = 'cat; kill -QUIT "$1"; i=0; while kill -0 "$1" && [ $((i += 1)) -lt 100 ]; do sleep 0.05; done; rm -rf "$2"';

export interface ServerProcess {
  readonly child: ChildProcess;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** @returns a directory in `parent` that the server may write to */
export function makeServerDirectory(parent = tmpdir()): string {
  const directory = mkdtempSync(join(parent, 'xopc-server-'));
  if (UNPRIVILEGED.uid !== undefined) chownSync(directory, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
  return directory;
}

/** Only root may enter the network namespace. */
function unprivilegedOn({ prefix }: Host, command: readonly string[]): readonly [string, ...string[]] {
  const [enter, ...args] = prefix.slice(0, -1);
  const { uid, gid } = UNPRIVILEGED;
  return [enter ?? '', ...args, `--setuid=${uid}`, `--setgid=${gid}`, '--', ...command];
}

/**
 * @param options.directory  of its own, removed when this process is killed
 * @param options.host  one of the test's own network namespaces, for root
 * @param options.readyLine  text on stderr that tells that it accepts connections
 * @throws with its words when it ends before
 */
export async function startServer(
  command: readonly [string, ...string[]],
  options: { directory: string; env: Record<string, string>; readyLine: string; host?: Host | undefined },
): Promise<ServerProcess> {
  const [path] = command;
  const { directory, readyLine, host } = options;
  const [program, ...args] = host === undefined ? command : unprivilegedOn(host, command);
  // A process group of its own: Ctrl+C for the tests must not end it before they have ended.
  const group = { cwd: directory, detached: true };
  const env = { ...process.env, ...options.env };
  const user = host === undefined ? UNPRIVILEGED : {};
  const child = spawn(program, args, { ...group, ...user, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  const watch = spawn('/bin/sh', ['-c', WATCH, 'sh', String(child.pid), directory], { ...group, stdio: ['pipe', 'ignore', 'ignore'] });
  void ended.then(() => watch.kill('SIGKILL'));
  let output = '';
  const ready = new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-16_384);
      if (output.includes(readyLine)) resolve();
    });
  });
  const refused = ended.then(([code, signal]) => Promise.reject(new Error(`${path} ended with ${code ?? signal}: ${output}`)));
  await Promise.race([ready, refused]);
  refused.catch(() => undefined);
  return {
    child,
    async end(signal) {
      child.kill(signal);
      await ended;
    },
  };
}
