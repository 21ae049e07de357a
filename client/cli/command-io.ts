/** A command's access to the outside: environment, files and output, and the conversion of errors to messages and exit codes. */
import { formatProblem, GatewayError, toErrorDocument, type ErrorDocument, type Problem } from '../../shared/errors.js';
import { escapeControlsKeepLines, escapeJsonControls } from '../../shared/log/escape.js';
import type { GatewayEnvironment } from '../../shared/node/process/env.js';
import { resolveKnownPaths, resolvePaths, type GatewayPaths } from '../../shared/node/process/paths.js';
import type { ClientContext } from './client-context.js';
import { withCommandName } from './command-name.js';
import { Output } from '../output/output.js';
import { withSystemHint } from './system-error.js';
import { usage } from './usage.js';

/** Maximum number of problems listed; for a file that is wrong throughout a longer list does not help. */
const MAX_LISTED_PROBLEMS = 20;

/** The text of an error for a person: one line, its problems if there are several, and what to do next. */
export function describeError(error: ErrorDocument): string {
  const problems = Array.isArray(error.details?.['problems']) ? (error.details['problems'] as Problem[]) : [];
  const lines = [`xopc: ${error.message}`];
  if (problems.length > 1) lines.push(...problems.slice(0, MAX_LISTED_PROBLEMS).map((problem) => `  ${formatProblem(problem)}`));
  if (problems.length > MAX_LISTED_PROBLEMS) lines.push(`  and ${problems.length - MAX_LISTED_PROBLEMS} more`);
  if (error.hint !== undefined) lines.push(`  ${error.hint}`);
  return escapeControlsKeepLines(lines.join('\n'));
}

export function exitCodeOf(error: unknown): number {
  return error instanceof GatewayError ? error.spec.exitCode : 1;
}

/** Formats a document for stdout: safe on a terminal, the same value for a program. */
function formatJson(value: unknown): string {
  return JSON.stringify(value, null, 2).split('\n').map(escapeJsonControls).join('\n');
}

/** The options that all commands have. */
interface CommonOptions {
  readonly config: string | undefined;
  readonly json: boolean;
}

/** Reads and opens everything on first use. */
export class CommandIo {
  readonly context: ClientContext;
  readonly #options: CommonOptions;
  #environment: GatewayEnvironment | undefined;
  #paths: GatewayPaths | undefined;
  #out: Output | undefined;
  #err: Output | undefined;

  constructor(context: ClientContext, options: CommonOptions) {
    this.context = context;
    this.#options = options;
  }

  get json(): boolean {
    return this.#options.json;
  }

  /** @throws USAGE when a variable has a value that cannot be used */
  get environment(): GatewayEnvironment {
    return (this.#environment ??= this.context.runtime.readEnvironment());
  }

  /** The path from `--config` or else XOPC_CONFIG; undefined for the default. */
  get configPath(): string | undefined {
    const { config } = this.#options;
    if (config === '') throw usage('--config is empty', 'e.g. --config ~/.xopc/config.json');
    return config ?? this.environment.configPath;
  }

  get gatewayPaths(): GatewayPaths {
    const { home, runtimeDir } = this.environment;
    return (this.#paths ??= resolvePaths({ home, runtimeDir, configPath: this.configPath }));
  }

  /**
   * Resolves the paths even if the owner record cannot be used, for commands that inspect or stop a gateway.
   * @returns why the record cannot be used
   */
  findPaths(): GatewayError | undefined {
    const { home, runtimeDir } = this.environment;
    const { paths, problem } = resolveKnownPaths({ home, runtimeDir, configPath: this.configPath });
    this.#paths = paths;
    return problem;
  }

  /** Use the claimed paths from now on. */
  set gatewayPaths(paths: GatewayPaths) {
    this.#paths = paths;
  }

  /** stdout: the result and nothing else. */
  get out(): Output {
    return (this.#out ??= new Output(this.context.stdout, (name) => this.context.runtime.environmentValue(name)));
  }

  /** stderr: progress, notes, errors. */
  get err(): Output {
    const { stderr, runtime } = this.context;
    return (this.#err ??= new Output(stderr, (name) => runtime.environmentValue(name), { isDispensable: true }));
  }

  /** Prints a line of the result. Escapes control characters, because parts of it may come from other people. */
  printLine(text: string): Promise<void> {
    return this.printRendered(escapeControlsKeepLines(text));
  }

  /** Prints a line of the result unchanged: it is already escaped, coloured, or for a program. */
  printRendered(text: string): Promise<void> {
    return this.out.write(`${text}\n`);
  }

  /** Prints the result as one JSON document. */
  printJson(value: unknown): Promise<void> {
    return this.printRendered(formatJson(value));
  }

  /** Returns a text of ours with its commands as the user would type them. */
  asCalled(text: string): string {
    return withCommandName(text, this.context.runtime.invocation(), this.#options.config);
  }

  /** Prints a line of progress on stderr. */
  note(text: string, paint: (text: string) => string = String): Promise<void> {
    return this.err.write(`${paint(escapeControlsKeepLines(this.asCalled(text)))}\n`);
  }

  /**
   * Prints why the command failed: on stderr, or with `--json` as one document on stdout.
   * @param fields  of the document beside `error`
   */
  async reportError(error: unknown, fields: (error: ErrorDocument) => Record<string, unknown> = () => ({})): Promise<void> {
    const document = withSystemHint(toErrorDocument(error), error);
    // A stdout that cannot be written to must not hide why the command failed.
    const isPrinted =
      this.json &&
      this.printJson({ ...fields(document), error: document }).then(
        () => true,
        () => false,
      );
    if (await isPrinted) return;
    await this.note(describeError(document), this.err.paint.red);
  }

  /** Waits until all output has been handed to the system. */
  async flush(): Promise<void> {
    for (const output of [this.#out, this.#err]) await output?.flush();
  }
}
