/** The base of all commands: the options `--config` and `--json`, a {@link CommandIo}, and the connection to the running gateway. */
import { Command, Option } from 'clipanion';
import { INTERRUPTED_EXIT_CODE } from '../../shared/exit-codes.js';
import type { ErrorDocument } from '../../shared/errors.js';
import type { ApiClient, ApiRequest, ApiTarget } from '../api/api-client.js';
import type { ClientContext } from './client-context.js';
import { CommandIo, exitCodeOf } from './command-io.js';
import { TerminalText } from '../output/terminal-text.js';

export abstract class BaseCommand extends Command<ClientContext> {
  readonly config = Option.String('--config', { description: 'Configuration file, instead of `~/.xopc/config.json`.' });
  readonly json = Option.Boolean('--json', false, { description: 'Print one JSON document on stdout.' });

  #io: CommandIo | undefined;

  /** The options and the context are available once the command line has been parsed. */
  protected get io(): CommandIo {
    return (this.#io ??= new CommandIo(this.context, { config: this.config, json: this.json }));
  }

  /**
   * Finds the running gateway's API.
   * @throws NOT_RUNNING, STILL_STARTING or CONTROL_UNREACHABLE when no gateway can be reached
   */
  protected async locate(): Promise<ApiTarget> {
    const [{ apiTarget }, { requireGateway }] = await Promise.all([import('../api/api-client.js'), import('../gateway/locate-gateway.js')]);
    const { gatewayPaths: paths, environment } = this.io;
    return apiTarget(await requireGateway(paths), paths, environment);
  }

  /** Returns a client of the running gateway's API. @throws as {@link locate} */
  protected async connect(): Promise<ApiClient> {
    const { ApiClient } = await import('../api/api-client.js');
    return new ApiClient(await this.locate());
  }

  /** Sends one request to the running gateway. @returns the answer's JSON @throws as {@link connect}; the API's error */
  protected async request<T>(request: ApiRequest): Promise<T> {
    return (await this.connect()).call<T>(request);
  }

  /** Prints `document` with `--json`, else `text` and then `note`. @returns exit code 0 */
  protected async printResult(document: unknown, text: string, note?: string): Promise<number> {
    await (this.json ? this.io.printJson(document) : this.io.printLine(text));
    if (!this.json && note !== undefined) await this.io.note(note);
    return 0;
  }

  /** Prints `document` with `--json`, else `text` from a model or another program. @returns exit code 0 */
  protected async printForeignResult(document: unknown, text: string): Promise<number> {
    await (this.json ? this.io.printJson(document) : this.printForeign(text));
    return 0;
  }

  /** Prints text from a model or another program; verbatim if stdout is not a terminal. */
  protected printForeign(text: string): Promise<void> {
    const cleaner = new TerminalText(this.io.out.isTerminal);
    return this.io.printRendered(cleaner.push(text) + cleaner.end());
  }

  /** Runs `work` with a signal that Ctrl-C aborts. @returns its exit code; after Ctrl-C 130, and prints the note `stopped` */
  protected async runInterruptibly(stopped: string, work: (signal: AbortSignal) => Promise<number>): Promise<number> {
    const interruption = new AbortController();
    const release = this.context.runtime.onInterrupt(() => interruption.abort());
    try {
      return await work(interruption.signal);
    } catch (error) {
      if (!interruption.signal.aborted) throw error;
      await this.io.note(stopped);
      return INTERRUPTED_EXIT_CODE;
    } finally {
      release();
    }
  }

  /** Does the work. @returns the exit code */
  protected abstract run(): Promise<number>;

  /** Fields beside `error` in the JSON form of a failure. */
  protected failureFields(_error: ErrorDocument): Record<string, unknown> {
    return {};
  }

  override async execute(): Promise<number> {
    try {
      return await this.run();
    } catch (error) {
      await this.io.reportError(error, (document) => this.failureFields(document));
      return exitCodeOf(error);
    } finally {
      await this.io.flush();
    }
  }
}
