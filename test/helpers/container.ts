/**
 * The image of the Containerfile without a container engine: its last stage is carried out in a directory that has this machine's programs,
 * and run as an engine would, in namespaces of its own with a read-only root. Linux, as root.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, runProcess, type Outcome, type Running, until } from './real-gateway.js';

export interface Step {
  readonly instruction: string;
  readonly text: string;
}

/** @returns the steps of each stage, without comments and with continued lines joined */
export function readStages(path = join(root, 'Containerfile')): Step[][] {
  const lines = readFileSync(path, 'utf8')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const stages: Step[][] = [];
  for (const line of lines) {
    const [, instruction = '', text = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (instruction === 'FROM') stages.push([]);
    stages.at(-1)?.push({ instruction, text });
  }
  return stages;
}

const list = (step: Step | undefined): string[] => JSON.parse(step?.text.replace(/^[^[]*/, '') ?? '[]') as string[];

/** Copies the libraries that a program or library of this machine is linked against. */
function copyLibraries(path: string, image: string): void {
  for (const [, library = ''] of execFileSync('ldd', [path], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)) {
    mkdirSync(dirname(join(image, library)), { recursive: true });
    copyFileSync(library, join(image, library));
  }
}

function copyProgram(name: string, image: string): void {
  const path = name === 'node' ? process.execPath : execFileSync('which', [name], { encoding: 'utf8' }).trim();
  copyFileSync(path, join(image, 'usr/bin', name));
  copyLibraries(path, image);
}

function inImage(image: string, command: readonly string[]): void {
  execFileSync('chroot', [image, 'env', '-i', 'PATH=/usr/local/bin:/usr/bin', ...command], { stdio: 'pipe' });
}

/** Carries out one step of the last stage. Packages of Debian are this machine's. */
function build(image: string, { instruction, text }: Step): void {
  const copied = /^--from=build \/src(\S*) (\S+)$/.exec(text);
  if (instruction === 'COPY' && copied !== null) cpSync(join(root, copied[1] ?? ''), join(image, copied[2] ?? ''), { recursive: true });
  else if (instruction === 'COPY') throw new Error(`the last stage copies from elsewhere: ${text}`);
  const installed = /apt-get install -y --no-install-recommends ([a-z ]+)&&/.exec(text);
  if (instruction === 'RUN' && installed !== null) for (const name of installed[1]?.trim().split(' ') ?? []) copyProgram(name, image);
  else if (instruction === 'RUN') inImage(image, ['/bin/sh', '-c', text]);
}

const MOUNTS = `
  mount --bind "$1" "$1" && mount --rbind /dev "$1/dev" && mount --bind "$2" "$1/data" && mount -o remount,ro,bind "$1" &&
  mount -t proc proc "$1/proc" && shift 2 && exec "$@"`;

export class Container {
  readonly process: Running;
  readonly #image: string;
  readonly #user: string;
  readonly #env: readonly string[];
  readonly #steps: readonly Step[];

  /** Builds the image in `directory`, which must be empty, and runs it with the id of a user that no file of the system knows. */
  constructor(directory: string, options: { user: string; env: Record<string, string>; volume: string }) {
    this.#image = join(directory, 'image');
    const { volume } = options;
    this.#steps = readStages().at(-1) ?? [];
    for (const path of ['dev', 'proc', 'usr/bin', 'usr/local/bin']) mkdirSync(join(this.#image, path), { recursive: true });
    symlinkSync('usr/bin', join(this.#image, 'bin'));
    for (const name of ['node', 'sh', 'env', 'ln', 'install', 'sleep']) copyProgram(name, this.#image);
    // The base image has what Node needs, which is more.
    copyLibraries(join(root, 'dist', 'libsql.node'), this.#image);
    for (const step of this.#steps) build(this.#image, step);
    // An engine makes a new volume with the content and the mode of the image's directory.
    if (!existsSync(volume)) execFileSync('cp', ['-a', join(this.#image, 'data'), volume]);
    const fixed = this.#steps.filter(({ instruction }) => instruction === 'ENV').flatMap(({ text }) => text.split(' '));
    this.#env = ['PATH=/usr/local/bin:/usr/bin', ...fixed, ...Object.entries(options.env).map(([name, value]) => `${name}=${value}`)];
    this.#user = options.user;
    const entry = [...list(this.#find('ENTRYPOINT')), ...list(this.#find('CMD'))];
    const asUser = ['setpriv', '--no-new-privs', 'chroot', `--userspec=${this.#user}`, '--groups=', this.#image];
    const start = [...asUser, 'env', '-i', ...this.#env, ...entry];
    this.process = runProcess(['unshare', '--mount', '--pid', '--fork', 'sh', '-c', MOUNTS, 'sh', this.#image, volume, ...start], [], {
      env: {},
    });
  }

  #find(name: string): Step | undefined {
    return this.#steps.find(({ instruction }) => instruction === name);
  }

  /** The pid, seen from here, of its PID 1. */
  async pid(): Promise<number> {
    const path = `/proc/${this.process.pid}/task/${this.process.pid}/children`;
    return until('PID 1', () => existsSync(path) && Number(readFileSync(path, 'utf8').trim()));
  }

  /** Runs a command inside, as `docker exec` does. */
  async exec(...command: string[]): Promise<Outcome> {
    const [uid = '', gid = ''] = this.#user.split(':');
    const enter = ['-t', String(await this.pid()), '-p', '-m', '-r', '-S', uid, '-G', gid, '--', 'env', '-i'];
    return runProcess(['nsenter', ...enter, ...this.#env, ...command], [], { env: {} }).done;
  }

  /** Runs the image's health check. */
  health(): Promise<Outcome> {
    return this.exec(...list(this.#find('HEALTHCHECK')));
  }

  /** Kills PID 1, and everything with it. To kill `unshare` is not enough: a change of the user id ends the tie to its parent. */
  async kill(): Promise<void> {
    const { exitCode, signalCode } = this.process.child;
    const ended = this.process.done;
    if (exitCode === null && signalCode === null) await Promise.race([this.pid().then((pid) => process.kill(pid, 'SIGKILL')), ended]);
    await ended;
  }

  async signal(name: NodeJS.Signals): Promise<Outcome> {
    process.kill(await this.pid(), name);
    return this.process.done;
  }
}
