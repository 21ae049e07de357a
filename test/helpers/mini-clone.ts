/**
 * A clone of this repository in miniature: the real `bin/` and what it imports, tiny programs for the roles
 * (test/fixtures/mini-clone), and an npm that installs by a link to this repository's packages.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const repository = dirname(dirname(import.meta.dirname));
const fixture = join(repository, 'test', 'fixtures', 'mini-clone');

export interface RunResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** Resolves once stderr or stdout has contained the text; rejects when the process ends without it. */
  seen(text: string): Promise<void>;
  readonly done: Promise<RunResult>;
}

/** Starts a program and collects what it prints. */
export function start(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env: NodeJS.ProcessEnv; detached?: boolean; ipc?: boolean; uid?: number | undefined },
): Running {
  const stdio: ('ignore' | 'pipe' | 'ipc')[] = ['ignore', 'pipe', 'pipe'];
  if (options.ipc === true) stdio.push('ipc');
  const { cwd, env, detached = false, uid } = options;
  const child = spawn(file, args, { cwd, env, detached, uid, stdio });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const done = new Promise<RunResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const seen = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if ((stdout + stderr).includes(text)) resolve();
      };
      child.stdout?.on('data', look);
      child.stderr?.on('data', look);
      child.once('close', () => reject(new Error(`ended without '${text}': ${stdout}${stderr}`)));
      look();
    });
  return { child, seen, done };
}

export interface MiniClone {
  readonly root: string;
  /** Directory of the stand-in npm's control files. */
  readonly npm: string;
  readonly env: NodeJS.ProcessEnv;
  at(...parts: string[]): string;
  /** Starts `bin/xopc`. */
  launch(...args: string[]): Running;
  /** Runs `bin/xopc` to its end. */
  run(...args: string[]): Promise<RunResult>;
  /** Runs `dist/main.cjs` to its end. */
  runEntry(...args: string[]): Promise<RunResult>;
  /** How often npm was started. */
  npmRuns(): { pid: number; args: string }[];
  remove(): void;
}

/** @param options.isInstalled  false: a fresh clone without packages. */
export function makeMiniClone(options: { isInstalled: boolean }): MiniClone {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'xopc-clone-')));
  const npm = join(root, '..', `${root.split('/').pop()}-npm`);
  mkdirSync(npm);
  for (const path of ['bin', 'shared', 'package.json', 'package-lock.json'])
    cpSync(join(repository, path), join(root, path), { recursive: true });
  for (const path of ['client', 'daemon']) cpSync(join(fixture, path), join(root, path), { recursive: true });
  cpSync(join(fixture, 'npm'), join(npm, 'npm'));
  symlinkSync(join(repository, 'node_modules'), join(npm, 'node_modules'));
  if (options.isInstalled) symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, NODE_ENV: _mode, ...env } = process.env;
  const clean: NodeJS.ProcessEnv = { ...env, PATH: `${npm}:${process.env['PATH'] ?? ''}`, FAKE_NPM: npm };
  const at = (...parts: string[]): string => join(root, ...parts);
  const launch = (...args: string[]): Running => start(at('bin', 'xopc'), args, { env: clean });
  return {
    root,
    npm,
    env: clean,
    at,
    launch,
    run: (...args) => launch(...args).done,
    runEntry: (...args) => start(process.execPath, [at('dist', 'main.cjs'), ...args], { env: clean }).done,
    npmRuns() {
      if (!existsSync(join(npm, 'pids'))) return [];
      // The line that the shell has not finished writing is none yet.
      const lines = readFileSync(join(npm, 'pids'), 'utf8').split('\n').slice(0, -1);
      return lines.map((line) => ({ pid: Number.parseInt(line, 10), args: line.replace(/^\d+ /, '') }));
    },
    remove() {
      rmSync(root, { recursive: true, force: true });
      rmSync(npm, { recursive: true, force: true });
    },
  };
}

/** Whether a process with that pid exists and is no zombie. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** Replaces the text of a source file, as an editor would. */
export function edit(path: string, from: string, to: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
}
