/** The gateway as users run it: the real launcher, a home of its own, a free port. Everything started is ended by its id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { type LockRecord, readLock } from '../../shared/node/files/lock-record.js';
import { type GatewayPaths, resolvePaths } from '../../shared/node/process/paths.js';
import { freePort } from './free-port.js';
import { addGatewayDatabase, type GatewayDatabase } from './gateway-database.js';
import { killHard, processesOf } from './home-processes.js';
import { onTestFinished } from 'vitest';

export const root = join(import.meta.dirname, '..', '..');
/** The command line as users type it. */
export const launcher: readonly [string, ...string[]] = [join(root, 'bin', 'xopc')];

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** A process with its output so far. */
export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  output(): { stdout: string; stderr: string };
  readonly done: Promise<Outcome>;
}

/** Ours without anything that would steer the gateway, or slow each Node start down. */
export function cleanEnvironment(extra: Record<string, string>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(XOPC_|OPENAI_|ANTHROPIC_|GOOGLE_|NODE_EXTRA_CA_CERTS|NODE_OPTIONS|VITEST|LISTEN_)/.test(name),
  );
  // The launcher is in PATH, so that hints say `xopc`, as the manual does.
  return { ...Object.fromEntries(own), PATH: `${dirname(launcher[0])}:${process.env['PATH']}`, ...extra };
}

export function runProcess(
  [command, ...first]: readonly [string, ...string[]],
  args: readonly string[],
  options: { env: Record<string, string>; cwd?: string; input?: string; detached?: boolean },
): Running {
  const startedAt = performance.now();
  const child = spawn(command, [...first, ...args], {
    cwd: options.cwd ?? root,
    env: cleanEnvironment(options.env),
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: options.detached ?? false,
  });
  child.stdin?.end(options.input);
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
  const done = once(child, 'exit').then(async ([code, signal]) => {
    const durationMs = performance.now() - startedAt;
    // A background child may hold the pipe: what has arrived a moment after the exit is all of it.
    await Promise.race([once(child, 'close'), new Promise((resolve) => setTimeout(resolve, 200))]);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, ...output, durationMs };
  });
  return { child, pid: child.pid ?? -1, output: () => ({ ...output }), done };
}

/** Resolves when `check` returns something, looking every 10 ms. @throws after `limitMs` */
export async function until<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

type AtEnd = (dispose: () => Promise<void>) => unknown;

export class RealGateway {
  readonly home: string;
  readonly xopcHome: string;
  readonly env: Record<string, string>;
  readonly port: number;
  readonly url: string;
  readonly #command: readonly [string, ...string[]];
  #database: GatewayDatabase | undefined;

  private constructor(port: number, env: Record<string, string>, command: readonly [string, ...string[]]) {
    const home = env['HOME'] ?? mkdtempSync(join(tmpdir(), 'xg-'));
    this.home = home;
    this.xopcHome = join(home, '.xopc');
    this.#command = command;
    // An empty variable leaves the port to the configuration.
    this.port = Number(env['XOPC_PORT'] || port);
    this.url = `http://127.0.0.1:${this.port}`;
    this.env = { HOME: home, XOPC_HOME: this.xopcHome, XOPC_PORT: String(port), ...env };
  }

  /** A home and a port; nothing runs yet. At the end, by default of the test, whatever its lock names is killed and the home removed. */
  static async create(env: Record<string, string> = {}, command = launcher, atEnd: AtEnd = onTestFinished): Promise<RealGateway> {
    const gateway = new RealGateway(await freePort(), env, command);
    gateway.#database = await addGatewayDatabase();
    atEnd(() => gateway.dispose());
    return gateway;
  }

  /** Another configuration in the home of `first`, with a port of its own. */
  static async beside(first: RealGateway, name: string): Promise<RealGateway> {
    return RealGateway.create({ ...first.env, XOPC_PORT: String(await freePort()), XOPC_CONFIG: join(first.xopcHome, name) });
  }

  /** Created and running in the foreground, healthy. */
  static async start(
    options: { env?: Record<string, string>; args?: readonly string[]; command?: readonly [string, ...string[]] } = {},
  ): Promise<RealGateway & { readonly process: Running }> {
    const gateway = await RealGateway.create(options.env, options.command);
    const process = await gateway.run(options.args);
    return Object.assign(gateway, { process });
  }

  /** Writes a document into its home. */
  put(name: string, document: unknown): void {
    mkdirSync(this.xopcHome, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.xopcHome, name), JSON.stringify(document));
  }

  get logPath(): string {
    return this.paths.logPath;
  }

  /** As they are now: a claim may change where the data is. */
  get paths(): GatewayPaths {
    return resolvePaths({ home: this.xopcHome, configPath: this.env['XOPC_CONFIG'], runtimeDir: tmpdir() });
  }

  /** Starts a foreground gateway without waiting. */
  spawn(args: readonly string[] = [], env: Record<string, string> = {}): Running {
    this.#database?.use(this.env['XOPC_CONFIG'] ?? join(this.xopcHome, 'config.json'));
    return runProcess(this.#command, ['gateway', ...args], { env: { ...this.env, ...env } });
  }

  /** Starts a foreground gateway and waits until it is ready. @throws with its output when it ends first */
  async run(args: readonly string[] = [], env: Record<string, string> = {}): Promise<Running> {
    const running = this.spawn(args, env);
    await Promise.race([
      this.untilHealthy(),
      running.done.then((outcome) =>
        Promise.reject(new Error(`the gateway ended with ${outcome.code}: ${outcome.stderr}${outcome.stdout}`)),
      ),
    ]);
    return running;
  }

  /** Runs `xopc …` to its end. */
  xopc(...args: string[]): Promise<Outcome> {
    this.#database?.use(this.env['XOPC_CONFIG'] ?? join(this.xopcHome, 'config.json'));
    return runProcess(this.#command, args, { env: this.env }).done;
  }

  /** `xopc gateway logs --follow …`, running. */
  follow(...args: string[]): Running {
    const running = runProcess(this.#command, ['gateway', 'logs', '--follow', ...args], { env: this.env });
    onTestFinished(() => void running.child.kill('SIGKILL'));
    return running;
  }

  async status(): Promise<StatusDocument> {
    const outcome = await this.xopc('gateway', 'status', '--json');
    return JSON.parse(outcome.stdout) as StatusDocument;
  }

  /** @throws when no lock is there */
  lock(): LockRecord {
    const { lockPath } = this.paths;
    const record = readLock(lockPath);
    if (record === undefined) throw new Error(`no lock: ${lockPath}`);
    return record;
  }

  /** @throws when none lives right now */
  workerPid(): number {
    const pid = this.findWorkerPid();
    if (pid === undefined) throw new Error('no worker in the lock');
    return pid;
  }

  findWorkerPid(): number | undefined {
    // In the order candidate, active, retiring.
    return this.lock().children.find((entry) => entry.role === 'worker')?.pid;
  }

  /** Resolves with the pid of a worker other than this one, once it serves. */
  async untilReplaced(pid: number): Promise<number> {
    const next = await until('another worker', () => {
      const found = this.findWorkerPid();
      return found !== pid && found;
    });
    await this.untilHealthy();
    return next;
  }

  log(): Record<string, unknown>[] {
    const lines = existsSync(this.logPath) ? readFileSync(this.logPath, 'utf8').trim().split('\n') : [];
    return lines.filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  untilHealthy(): Promise<true> {
    return until('the gateway to be healthy', () =>
      fetch(`${this.url}/health`).then(
        (answer) => answer.ok as true,
        () => undefined,
      ),
    );
  }

  async dispose(): Promise<void> {
    let lock: LockRecord | undefined;
    try {
      lock = this.lock();
    } catch {
      // Stopped already, or in the middle of a change.
    }
    for (const pid of [lock?.pid, ...(lock?.children ?? []).map((child) => child.pid)]) killHard(pid);
    // What writes on would make its files again.
    await until('all of it to be gone', () => {
      const left = processesOf(this.home);
      for (const { pid } of left) killHard(pid);
      return left.length === 0;
    });
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
    await this.#database?.drop();
  }
}
