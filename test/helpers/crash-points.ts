/** Runs operations with a fault at each of their file-system calls, and checks what is left. Linux; needs a C compiler. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, utimesSync } from 'node:fs';
import { constants } from 'node:os';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { buildSync } from 'esbuild';
import type { End, ErrorReport, Fault, Operation } from '../torture/crash-points/operation.js';
import { installDebianPackages } from './debian-packages.js';

const SOURCES = join(import.meta.dirname, '..', 'torture', 'crash-points');
const ROOT = join(import.meta.dirname, '..', '..');
const PATIENCE_MS = 30_000;
const LONG_AGO = new Date(Date.now() - 48 * 60 * 60 * 1_000);
/** Names of files and directories that nobody needs once their process has ended. */
const TEMPORARY = /\/(\.[^/]*\.tmp|[^/]*\.reclaim\.[^/]*|\.xopc-backup-[^/]*|restore\/[^/]*)$/;

/** One call as the library logs it. */
interface Call {
  readonly name: string;
  readonly path: string;
}

/** The outcome for one operation. */
export interface Table {
  readonly operation: string;
  readonly calls: number;
  readonly runs: number;
  readonly violations: readonly string[];
}

interface World {
  readonly directory: string;
  readonly library: string;
}

function compiler(): string | undefined {
  return ['cc', 'gcc'].find((name) => spawnSync(name, ['--version']).status === 0);
}

/** @returns why there can be no library of faults here, or undefined */
export function noFaultsReason(): string | undefined {
  if (process.platform !== 'linux') return `faults are injected with LD_PRELOAD, which ${process.platform} does not have`;
  return compiler() === undefined ? installDebianPackages(['gcc', 'libc6-dev']) : undefined;
}

/** Compiles the library of faults. @param directory  for it and the state of the runs */
export function faultWorld(directory: string): World {
  const library = join(directory, 'faults.so');
  execFileSync(compiler() ?? 'cc', ['-std=gnu11', '-O1', '-w', '-shared', '-fPIC', '-o', library, join(SOURCES, 'faults.c'), '-ldl']);
  return { directory: realpathSync(directory), library };
}

/** Bundles the program of one operation. */
function buildDriver(area: string, operation: string, outfile: string): void {
  const contents = `
    import { drive } from './operation.js';
    import { operations } from './${area}.js';
    void drive(operations.find(({ name }) => name === ${JSON.stringify(operation)}));`;
  buildSync({
    stdin: { contents, resolveDir: SOURCES },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: [join(ROOT, 'node_modules', 'libsql'), 'libsql'],
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    outfile,
    logLevel: 'error',
  });
}

const NUMBERS: Readonly<Record<string, number>> = constants.errno;
const WRITES = ['write', 'pwrite', 'writev', 'pwritev'];
const NEED_SPACE = [...WRITES, 'open-create', 'mkdir', 'rename', 'link', 'symlink', 'ftruncate', 'sendfile'];
const CHANGE_NOTHING = ['open', 'read', 'scandir', 'fsync'];
const TAKE_DESCRIPTORS = ['open', 'open-create', 'scandir'];

/** The faults that make sense at a call: a kill at one that changes nothing leaves what a kill at the next one leaves. */
function allKinds({ name }: Call): string[] {
  return [
    ...(CHANGE_NOTHING.includes(name) ? [] : ['kill']),
    ...(WRITES.includes(name) ? ['torn', 'short'] : []),
    ...(NEED_SPACE.includes(name) ? ['full'] : []),
    ...(TAKE_DESCRIPTORS.includes(name) ? ['EMFILE'] : []),
    'EIO',
  ];
}

/** Of a call between two of its like (a database writes 40 pages in a row), one kind; of every other, all. */
function kindsAt(calls: readonly Call[], index: number): string[] {
  const [before, call, after] = [calls[index - 1], calls[index], calls[index + 1]];
  if (call === undefined) return [];
  const isLike = (other: Call | undefined): boolean => other?.name === call.name && other.path === call.path;
  const kinds = allKinds(call);
  return isLike(before) && isLike(after) ? kinds.slice(index % kinds.length).slice(0, 1) : kinds;
}

export class CrashPoints {
  readonly #world: World;
  readonly #operation: Operation;
  readonly #driver: string;
  readonly #root: string;
  readonly #template: string;
  readonly #log: string;

  constructor(world: World, area: string, operation: Operation) {
    this.#world = world;
    this.#operation = operation;
    this.#root = join(world.directory, 'root');
    this.#template = join(world.directory, 'template');
    this.#log = join(world.directory, 'calls.log');
    this.#driver = join(world.directory, 'driver.cjs');
    buildDriver(area, operation.name, this.#driver);
  }

  /** @param options.every  runs only each k-th call. @param options.at  runs only these calls */
  async runAll({ every = 1, at }: { every?: number; at?: readonly number[] | undefined } = {}): Promise<Table> {
    const { name, prepare } = this.#operation;
    for (const path of [this.#root, this.#template]) rmSync(path, { recursive: true, force: true });
    mkdirSync(this.#root, { mode: 0o700 });
    await prepare(this.#root);
    cpSync(this.#root, this.#template, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    const violations = await this.#violationsOf(undefined);
    const calls = this.#calls();
    let runs = 1;
    for (const [index, call] of calls.entries()) {
      const n = index + 1;
      if (at?.includes(n) === false || index % every > 0) continue;
      if (this.#operation.leavesOut?.(call) === true) continue;
      for (const kind of kindsAt(calls, index)) {
        violations.push(...(await this.#violationsOf({ n, kind, call: `${call.name} ${this.#short(call.path)}` })));
        runs += 1;
      }
    }
    return { operation: name, calls: calls.length, runs, violations };
  }

  /** Runs it with a fault, then what comes later without one. */
  async #violationsOf(fault: Fault | undefined): Promise<string[]> {
    rmSync(this.#root, { recursive: true, force: true });
    cpSync(this.#template, this.#root, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    const end = await this.#run(fault);
    const found = [...unclear(end), ...(await this.#check(end))];
    if (fault === undefined && end.how !== 'done') found.push(`it ${end.how} without a fault: ${end.error?.message}`);
    if (typeof end.again === 'object') found.push(`repeated in the same process it failed: ${end.again.message}`);
    age(this.#root);
    const told: unknown[] = [...end.told];
    const { run, later = run } = this.#operation;
    try {
      await later(this.#root, (step) => told.push(step));
      found.push(...(await this.#check({ how: 'done', told })).map((problem) => `afterwards: ${problem}`));
      found.push(...temporaryFiles(this.#root).map((path) => `${this.#short(path)} stays forever`));
    } catch (error) {
      found.push(`a later run failed: ${(error as Error).message}`);
    }
    const what = fault === undefined ? 'without a fault' : `${fault.kind} at call ${fault.n}, ${fault.call}`;
    return found.map((problem) => `${this.#operation.name}, ${what}: ${problem}`);
  }

  async #check(end: End): Promise<string[]> {
    try {
      return await this.#operation.check(this.#root, end);
    } catch (error) {
      return [`what it left cannot be read: ${(error as Error).message}`];
    }
  }

  async #run(fault: Fault | undefined): Promise<End> {
    rmSync(this.#log, { force: true });
    const child = spawn(process.execPath, [this.#driver, this.#root], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE_MS,
      killSignal: 'SIGABRT',
      env: {
        ...process.env,
        NODE_PATH: join(ROOT, 'node_modules'),
        LD_PRELOAD: this.#world.library,
        FAULTS_BELOW: this.#root,
        FAULTS_LOG: this.#log,
        ...(fault === undefined ? {} : { FAULTS_AT: String(fault.n), FAULTS_KIND: String(NUMBERS[fault.kind] ?? fault.kind) }),
      },
    });
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    if (child.signalCode !== 'SIGKILL' && !output.includes('"end"'))
      return { how: 'failed', told: [], error: { name: 'Crash', code: '', message: `${child.signalCode ?? child.exitCode}: ${errors}` } };
    return readEnd(output, fault);
  }

  #calls(): Call[] {
    const lines = existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trimEnd().split('\n') : [];
    return lines.map((line) => {
      const [, name = '', path = ''] = /^\d+ (\S+) (.*)$/.exec(line) ?? [];
      return { name, path };
    });
  }

  #short(path: string): string {
    return relative(this.#root, path) || '.';
  }
}

function readEnd(output: string, fault: Fault | undefined): End {
  const lines = output
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as { told?: unknown; error?: ErrorReport; again?: End['again']; end?: true });
  const error = lines.find((line) => line.error !== undefined)?.error;
  const again = lines.find((line) => line.again !== undefined)?.again;
  const isEnded = lines.at(-1)?.end === true;
  return {
    how: !isEnded ? 'killed' : error === undefined ? 'done' : 'failed',
    told: lines.filter((line) => line.told !== undefined).map(({ told }) => told),
    ...(error === undefined ? {} : { error }),
    ...(again === undefined ? {} : { again }),
    ...(fault === undefined ? {} : { fault }),
  };
}

/** An error is one of ours, the system's own, which the command line words, or the database's, which the worker's upkeep logs. */
function unclear({ error }: End): string[] {
  if (
    error === undefined ||
    error.name === 'GatewayError' ||
    error.message.startsWith(`${error.code}: `) ||
    error.code.startsWith('SQLITE_')
  )
    return [];
  return [`its error says too little: ${error.name} ${error.code} ${error.message}`];
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    return lstatSync(path).isDirectory() ? [path, ...filesBelow(path)] : [path];
  });
}

function temporaryFiles(root: string): string[] {
  return filesBelow(root).filter((path) => TEMPORARY.test(path));
}

/** Makes what looks temporary so old that no living process can be using it. */
function age(root: string): void {
  for (const path of temporaryFiles(root)) utimesSync(path, LONG_AGO, LONG_AGO);
}
