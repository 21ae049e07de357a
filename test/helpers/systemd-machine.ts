/**
 * A real systemd with a user manager of its own, in namespaces of its own (test/tools/with-systemd); commands run inside,
 * the network is shared. Files lie below /var/tmp, because /tmp and /run are private inside; what `install` writes goes
 * to directories that are mounted over the user's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { installDebianPackages } from './debian-packages.js';
import { root } from './real-gateway.js';

export interface InsideOutcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const NEEDED = ['/usr/bin/systemd-analyze', '/usr/bin/systemd-notify', '/usr/bin/dbus-daemon', '/usr/bin/nsenter', '/usr/bin/ps'];
const PACKAGES = ['systemd', 'dbus', 'libpam-systemd', 'dbus-user-session', 'util-linux', 'procps'];
const LINGER_FILE = '/var/lib/systemd/linger/root';

/** @returns why there can be no systemd here, naming the platform, or undefined */
export function whyNoSystemd(): string | undefined {
  if (process.platform !== 'linux') return `${process.platform} has no systemd`;
  if (process.getuid?.() !== 0) return 'namespaces for a private systemd need root on Linux';
  return NEEDED.every((path) => existsSync(path)) ? undefined : installDebianPackages(PACKAGES);
}

/** What the shared directories are mounted over, before anything is installed. */
const PREPARE = 'mkdir -p "$1" && mount --bind "$2" "$1"';

export class SystemdMachine {
  /** Below /var/tmp; removed at the end. */
  readonly directory: string;
  /** A package as it is installed: the build and the launchers, no sources. */
  readonly packageDirectory: string;
  readonly unitDirectory: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (outcome: InsideOutcome) => void>();
  readonly #hadLinger = existsSync(LINGER_FILE);
  #nextId = 1;

  private constructor() {
    this.directory = mkdtempSync('/var/tmp/xopc-systemd-');
    this.packageDirectory = this.installPackage('package');
    this.unitDirectory = join(this.directory, 'config', 'systemd', 'user');
    mkdirSync(join(this.directory, 'config'));
    const agent = join(this.directory, 'agent.mjs');
    cpSync(join(root, 'test', 'fixtures', 'systemd-agent.mjs'), agent);
    const tool = join(root, 'test', 'tools', 'with-systemd');
    const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, VITEST: _vitest, ...env } = process.env;
    // The user manager takes its home from the user database, whatever HOME says here.
    this.#child = spawn('bash', [tool, process.execPath, agent], {
      cwd: '/',
      env: { ...env, HOME: userInfo().homedir },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  }

  static async boot(): Promise<SystemdMachine> {
    const machine = new SystemdMachine();
    await machine.#ready();
    await machine.ok('sh', ['-c', PREPARE, 'sh', join(userInfo().homedir, '.config'), join(machine.directory, 'config')]);
    return machine;
  }

  /** Copies the build and the launchers. */
  installPackage(name: string): string {
    const directory = join(this.directory, name);
    for (const part of ['dist', 'bin', 'package.json']) cpSync(join(root, part), join(directory, part), { recursive: true });
    // What the launcher compares: the build is not older than anything else.
    const soon = new Date(Date.now() + 1_000);
    utimesSync(join(directory, 'dist', 'ready.sh'), soon, soon);
    return directory;
  }

  /** Runs a command inside, as the user whose manager runs. */
  run(command: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<InsideOutcome> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.stdin?.write(`${JSON.stringify({ id, command, args, env })}\n`);
    });
  }

  /** The same, and it must succeed. @returns its stdout */
  async ok(command: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, args, env);
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  systemctl(...args: string[]): Promise<InsideOutcome> {
    return this.run('systemctl', ['--user', ...args]);
  }

  /** One property of a unit. */
  async property(name: string, unit: string): Promise<string> {
    return (await this.ok('systemctl', ['--user', 'show', unit, `--property=${name}`, '--value'])).trim();
  }

  async shutDown(): Promise<void> {
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    if (!this.#hadLinger) rmSync(LINGER_FILE, { force: true });
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const lines = createInterface({ input: this.#child.stdout! });
    const started = new Promise<void>((resolve, reject) => {
      this.#child.once('exit', (code) => reject(new Error(`with-systemd ended with ${code}`)));
      lines.on('line', (line) => {
        const answer = JSON.parse(line) as InsideOutcome & { id?: number };
        if (answer.id === undefined) return resolve();
        this.#waiting.get(answer.id)?.(answer);
        this.#waiting.delete(answer.id);
      });
    });
    await started;
  }
}
