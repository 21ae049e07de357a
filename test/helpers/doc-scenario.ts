/** Runs one scenario of a document in a fresh home against the real binary. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { DocCommand, DocScenario, DocStep } from './doc-commands.js';
import { beginsAsShown, isShown, withoutVarying } from './doc-output.js';
import { freePort } from './free-port.js';
import { isAlive, RealGateway, root, until } from './real-gateway.js';

/** The ports and the home that documents name; each scenario has others of its own. */
const DOC_PORTS = [18_790, 8_080, 9_000] as const;
const DOC_HOME = '/home/you';
const COMMAND_LIMIT_MS = 60_000;

/** A step that the document names and no command can do. */
export type DocAction = (run: DocRun) => Promise<void>;

export interface DocRunOptions {
  /** Where commands run; default the home. */
  readonly directory?: string;
  readonly actions?: Readonly<Record<string, DocAction>>;
}

interface Started {
  readonly child: ChildProcess;
  readonly text: string;
  readonly exited: Promise<number | null>;
  output(): string;
}

export class DocRun {
  readonly gateway: RealGateway;
  readonly env: Record<string, string>;
  readonly #ports: Map<number, number>;
  readonly #options: DocRunOptions;
  readonly #staying: Started[] = [];
  #count = 0;

  private constructor(gateway: RealGateway, ports: Map<number, number>, options: DocRunOptions) {
    this.gateway = gateway;
    this.#ports = ports;
    this.#options = options;
    const programs = join(gateway.home, 'bin');
    mkdirSync(programs);
    symlinkSync(join(root, 'bin', 'xopc'), join(programs, 'xopc'));
    this.env = {
      HOME: gateway.home,
      LANG: 'C.UTF-8',
      TMPDIR: tmpdir(),
      PATH: `${programs}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      XOPC_PORT: String(gateway.port),
    };
    onTestFinished(() => this.#killStaying());
  }

  static async create(options: DocRunOptions = {}): Promise<DocRun> {
    const gateway = await RealGateway.create();
    const others = await Promise.all(DOC_PORTS.slice(1).map(async (port) => [port, await freePort()] as const));
    return new DocRun(gateway, new Map([[DOC_PORTS[0], gateway.port], ...others]), options);
  }

  /** The port that stands for one of the document's. */
  port(documented: number): number {
    const port = this.#ports.get(documented);
    if (port === undefined) throw new Error(`nothing stands for port ${documented}`);
    return port;
  }

  /** Lets a port of this machine stand for one of the document's from now on. */
  usePort(documented: number, port: number): void {
    this.#ports.set(documented, port);
  }

  /** The document's text, with this run's ports. */
  localize(text: string): string {
    return text.replaceAll(/\b\d{4,5}\b/g, (digits) => String(this.#ports.get(Number(digits)) ?? digits));
  }

  /** What was printed, with the document's ports and home. */
  generalize(text: string): string {
    const documented = new Map([...this.#ports].map(([from, to]) => [to, from]));
    return text
      .replaceAll(this.gateway.home, DOC_HOME)
      .replaceAll(/\b\d{4,5}\b/g, (digits) => String(documented.get(Number(digits)) ?? digits));
  }

  /** Runs every step; then Ctrl-C for what is still there. @returns how many commands ran */
  async play(scenario: DocScenario): Promise<number> {
    for (const step of scenario.steps) await this.#step(step);
    for (const started of this.#staying.toReversed()) await this.#interrupt(started);
    return this.#count;
  }

  async #step(step: DocStep): Promise<void> {
    switch (step.kind) {
      case 'commands':
        return step.stays ? this.#stay(step) : this.#runAll(step);
      case 'block':
        if (step.path !== undefined) this.#write(step.path, step.text);
        return;
      case 'env':
        this.env[step.name] = this.localize(step.value);
        return;
      case 'ends':
        return this.#awaitEnd(this.#staying.pop(), step.line);
      case 'do':
        return this.#do(step);
      case 'skipped':
    }
  }

  #do({ name, line }: Extract<DocStep, { kind: 'do' }>): Promise<void> {
    const action = this.#options.actions?.[name];
    if (action === undefined) throw new Error(`line ${line}: there is no action '${name}'`);
    return action(this);
  }

  #write(path: string, text: string): void {
    const target = path.replace(/^~/, this.gateway.home);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    writeFileSync(target, this.localize(text));
  }

  #start(text: string): Started {
    this.#count += 1;
    const path = join(this.gateway.home, `output.${this.#count}`);
    const fd = openSync(path, 'ax');
    const child = spawn('/bin/sh', ['-c', this.localize(text)], {
      cwd: this.#options.directory ?? this.gateway.home,
      env: this.env,
      // One file for both streams: in order, and nobody who inherits it is waited for.
      stdio: ['ignore', fd, fd],
      detached: true,
    });
    closeSync(fd);
    const exited = once(child, 'exit').then(([code]) => code as number | null);
    return { child, text, exited, output: () => readFileSync(path, 'utf8') };
  }

  async #run(command: DocCommand, line: number): Promise<string> {
    const started = this.#start(command.text);
    const limit = setTimeout(() => killGroup(started.child, 'SIGKILL'), COMMAND_LIMIT_MS);
    const exitCode = await started.exited;
    clearTimeout(limit);
    const output = this.generalize(started.output());
    expect(exitCode, `line ${line}: ${command.text}\n${output}`).toBe(command.exitCode);
    return output;
  }

  async #runAll({ commands, output, line }: Extract<DocStep, { kind: 'commands' }>): Promise<void> {
    let printed = '';
    for (const command of commands) printed += (await this.#run(command, line)).replace(/[^\n]$/, '$&\n');
    if (output === undefined) return;
    const actual = withoutVarying(printed);
    const shown = withoutVarying(output);
    if (!isShown(shown, actual)) expect(actual, `output of line ${line}`).toBe(shown);
  }

  async #stay({ commands, output, line }: Extract<DocStep, { kind: 'commands' }>): Promise<void> {
    const [command, ...more] = commands;
    if (command === undefined || more.length > 0) throw new Error(`line ${line}: exactly one command can stay`);
    // `exec`: a shell that waits for it would die of the signal itself.
    const started = this.#start(`exec env ${command.text}`);
    this.#staying.push(started);
    if (output === undefined) await this.gateway.untilHealthy();
    else
      await until(`the output of line ${line}`, () =>
        beginsAsShown(withoutVarying(output), withoutVarying(this.generalize(started.output()))),
      );
  }

  async #awaitEnd(started: Started | undefined, line: number): Promise<void> {
    if (started === undefined) throw new Error(`line ${line}: no command is left that could end`);
    const limit = setTimeout(() => killGroup(started.child, 'SIGKILL'), COMMAND_LIMIT_MS);
    expect(await started.exited, `${started.text}\n${started.output()}`).toBe(0);
    clearTimeout(limit);
  }

  /** As a terminal does it: the signal goes to the whole group. */
  async #interrupt(started: Started): Promise<void> {
    if (started.child.exitCode === null) killGroup(started.child, 'SIGINT');
    expect(await started.exited, `${started.text}\n${started.output()}`).toBe(0);
  }

  #killStaying(): void {
    for (const { child } of this.#staying) if (child.exitCode === null && isAlive(child.pid ?? -1)) killGroup(child, 'SIGKILL');
  }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
