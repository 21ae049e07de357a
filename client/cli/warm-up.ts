/**
 * Runs the code shared by most commands once, so that V8's cached data, written right after, contains it compiled: a `status` of a gateway
 * that answers. Touches nothing outside a temporary directory.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { CONTROL_VERSION } from '../../shared/control/messages.js';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { resolvePaths } from '../../shared/node/process/paths.js';
import { runCli } from './cli.js';
import type { ClientContext, CommandEntry } from './client-context.js';
import { processRuntime } from './process.js';

const SINCE = new Date(0).toISOString();

const SAMPLE: StatusDocument = {
  state: 'running',
  desired: 'up',
  ready: true,
  pid: process.pid,
  instanceId: 'gw_0',
  version: '0.0.0',
  build: { running: '0', installed: '0' },
  startedAt: SINCE,
  uptimeMs: 90_061_000,
  host: '0.0.0.0',
  port: 18_790,
  urls: ['http://localhost:18790'],
  home: '/',
  configPath: '/config.json',
  logPath: '/gateway.log',
  sources: {},
  supervisedBy: null,
  auth: { enabled: false, tokenHint: 'abcdefgh...abcdefgh' },
  worker: {
    pid: 1,
    instanceId: 'wk_0',
    version: '0.0.0',
    startedAt: SINCE,
    rssBytes: 1,
    connections: 0,
    inFlight: 0,
    channels: { webchat: { state: 'running' } },
  },
  draining: [],
  restarts: { planned: 0, crashes: 0 },
  lastExit: null,
  nextAttemptAt: null,
  fallback: false,
  warnings: [],
};

function answer(request: string): string {
  const { id } = JSON.parse(request) as { id: string };
  return `${JSON.stringify({ v: CONTROL_VERSION, id, type: 'result', result: SAMPLE })}\n`;
}

function listen(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (request) => socket.write(answer(request.toString('utf8'))));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}

function quietContext(home: string, commands: readonly CommandEntry[]): ClientContext {
  const sink = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });
  const runtime = { ...processRuntime, readEnvironment: () => ({ ...processRuntime.readEnvironment(), home, configPath: undefined }) };
  return { env: {}, colorDepth: 1, stdin: Readable.from([]), stdout: sink(), stderr: sink(), runtime, commands };
}

/** `gateway` is refused, because a gateway already answers. */
const COMMAND_LINES = [['gateway', 'status'], ['gateway', 'status', '--json'], ['gateway'], ['--version']];

/** Called by the build, and when cached data is written for another Node. A failure only makes the data less complete. */
export async function warmUp(commands: readonly CommandEntry[]): Promise<void> {
  if (process.platform === 'win32') return;
  const home = mkdtempSync(join(tmpdir(), 'xopc-warm-'));
  try {
    const { controlPath } = resolvePaths({ home, runtimeDir: tmpdir() });
    mkdirSync(dirname(controlPath), { recursive: true, mode: 0o700 });
    const server = await listen(controlPath);
    chmodSync(controlPath, 0o600);
    for (const words of COMMAND_LINES) await runCli(words, quietContext(home, commands));
    server.close();
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
