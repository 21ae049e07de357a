/** What all commands share: the options `--config` and `--json`, a {@link CommandIo}, and the connection to the running gateway. */
import { Command, Option } from 'clipanion';
import type { ErrorDocument } from '../../shared/errors.js';
import type { GatewayEnvironment } from '../../shared/node/process/env.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import type { ApiClient } from '../api/api-client.js';
import type { ClientContext } from './client-context.js';
import { CommandIo, exitCodeOf } from './command-io.js';
import type { Output } from '../output/output.js';

export abstract class BaseCommand extends Command<ClientContext> {
  readonly config = Option.String('--config', { description: 'Configuration file, instead of `~/.xopc/config.json`.' });
  readonly json = Option.Boolean('--json', false, { description: 'Print one JSON document on stdout.' });

  #io: CommandIo | undefined;

  /** The options and the context are there once the command line has been parsed. */
  protected get io(): CommandIo {
    return (this.#io ??= new CommandIo(this.context, { config: this.config, json: this.json }));
  }

  protected get environment(): GatewayEnvironment {
    return this.io.environment;
  }

  protected get configPath(): string | undefined {
    return this.io.configPath;
  }

  protected get gatewayPaths(): GatewayPaths {
    return this.io.gatewayPaths;
  }

  protected get out(): Output {
    return this.io.out;
  }

  protected get err(): Output {
    return this.io.err;
  }

  protected printLine(text: string): Promise<void> {
    return this.io.printLine(text);
  }

  protected printJson(value: unknown): Promise<void> {
    return this.io.printJson(value);
  }

  protected note(text: string, paint?: (text: string) => string): Promise<void> {
    return this.io.note(text, paint);
  }

  /**
   * Returns a client of the running gateway's API.
   * @throws NOT_RUNNING, STILL_STARTING or CONTROL_UNREACHABLE where there is no gateway to ask
   */
  protected async connect(): Promise<ApiClient> {
    const [{ ApiClient, apiTarget }, { requireGateway }] = await Promise.all([
      import('../api/api-client.js'),
      import('../gateway/locate-gateway.js'),
    ]);
    const { status } = await requireGateway(this.gatewayPaths);
    return new ApiClient(apiTarget(status, this.gatewayPaths, this.environment));
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
