/** What the config commands share. */
import { ensurePrivateDirectory } from '../../../shared/node/files/atomic-file.js';
import { claimPaths } from '../../../shared/node/process/claim-paths.js';
import { loadConfigFile } from '../../../shared/node/config/config-file.js';
import { configInvalid } from '../../../shared/node/config/config-text.js';
import type { ConfigDocument } from '../../../shared/config/document.js';
import { BaseCommand } from '../../cli/base-command.js';

export abstract class ConfigCommand extends BaseCommand {
  /** Returns the file's content. @throws CONFIG_INVALID when it cannot be read */
  protected loadReadable(): ConfigDocument {
    const document = loadConfigFile({ path: this.io.gatewayPaths.configPath });
    if (document.problems.length > 0) throw configInvalid(document.file, document.problems);
    return document;
  }

  /** Directories for the lock and the copy for undo, before the first gateway has made them. */
  protected prepareDirectories(): void {
    this.io.gatewayPaths = claimPaths(this.io.gatewayPaths);
    ensurePrivateDirectory(this.io.gatewayPaths.lockDir);
  }

  /** Prints a single value verbatim, anything else as JSON. */
  protected async printValue(value: unknown): Promise<void> {
    if (typeof value === 'string' && !this.json) await this.io.printLine(value);
    else await this.io.printJson(value ?? null);
  }
}
