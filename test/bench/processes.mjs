/** Starting, measuring and surely ending the processes of a benchmark. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Set where a proxy inspects TLS, it costs each start of Node 20 some 40 ms that are not ours. */
export const cleanEnvironment = (extra = {}) => {
  const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...rest } = process.env;
  return { ...rest, ...extra };
};

const started = new Set();

/**
 * Starts a process that is killed with the benchmark, however that ends. It has a session of its own, as the worker has: Linux
 * divides a busy CPU among sessions, so that a floor in the session of the load generator would get another share.
 */
export function startProcess(file, args, options = {}) {
  const child = spawn(file, args, { stdio: 'ignore', detached: true, ...options, env: options.env ?? cleanEnvironment() });
  started.add(child);
  child.once('exit', () => started.delete(child));
  return child;
}

export function killAllStarted() {
  for (const child of started) child.kill('SIGKILL');
}

/** Runs a command to its end. @returns wall time, exit code and stdout */
export async function runCommand(file, args, env = cleanEnvironment()) {
  const startedAt = performance.now();
  const child = startProcess(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk));
  const [code] = await once(child, 'exit');
  return { ms: performance.now() - startedAt, code, stdout, stderr };
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const REQUEST = 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** One request on a connection of its own. @returns whether a complete 200 came back within `timeoutMs` */
export function requestOnce(port, timeoutMs = 5_000) {
  return new Promise((resolve) => {
    let head = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(REQUEST));
    socket.setTimeout(timeoutMs, () => socket.destroy());
    socket.setEncoding('latin1').on('data', (chunk) => (head += head.length < 64 ? chunk : ''));
    socket.on('error', () => undefined);
    socket.on('close', (hadError) => resolve(!hadError && head.startsWith('HTTP/1.1 200')));
  });
}

/** Resolves as soon as the port answers 200. */
export async function waitUntilHealthy(port, timeoutMs = 20_000) {
  const giveUpAt = performance.now() + timeoutMs;
  while (!(await requestOnce(port, 1_000))) {
    if (performance.now() > giveUpAt) throw new Error(`nothing answered on port ${port} within ${timeoutMs} ms`);
    await delay(1);
  }
}

/** Resident memory in MiB and the CPU time that its living threads have used so far, in ms; Linux only. */
export function readUsage(pid) {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  const cpuNs = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]),
  );
  return { rssMiB: (pages * 4_096) / 1_048_576, cpuMs: cpuNs.reduce((sum, ns) => sum + ns, 0) / 1e6 };
}

const LOOK_MS = 250;
/** Of the time between two looks. */
const QUIET_SHARE = 0.08;
const QUIET_WITHIN_MS = 120_000;

/** Waits until none of them has anything left to do, so that it takes nothing from what is measured next. */
export async function waitUntilQuiet(pids) {
  const used = () => pids.map((pid) => readUsage(pid).cpuMs);
  const startedAt = performance.now();
  for (let before = used(); ;) {
    await delay(LOOK_MS);
    const now = used();
    if (now.every((ms, index) => ms - before[index] <= LOOK_MS * QUIET_SHARE)) return;
    if (performance.now() - startedAt > QUIET_WITHIN_MS) throw new Error(`a process is not at rest after ${QUIET_WITHIN_MS} ms`);
    before = now;
  }
}
