/** What all commands share: the options `--config` and `--json`, and a {@link CommandIo} made with them. */
import { Command, Option } from 'clipanion';
import type { ErrorDocument } from '../../shared/errors.js';
import type { GatewayEnvironment } from '../../shared/node/process/env.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import type { ClientContext } from './client-context.js';
import { CommandIo } from './command-io.js';
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

  /** Does the work. @returns the exit code */
  protected abstract run(): Promise<number>;

  /** Fields beside `error` in the JSON form of a failure. */
  protected failureFields(_error: ErrorDocument): Record<string, unknown> {
    return {};
  }

  override execute(): Promise<number> {
    return this.io.perform(
      () => this.run(),
      (error) => this.failureFields(error),
    );
  }
}
