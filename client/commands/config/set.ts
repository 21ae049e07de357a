import { Command, Option } from 'clipanion';
import type { ConfigDocument } from '../../../shared/config/document.js';
import { formatKey, parseKey, valueAt } from '../../../shared/config/key-path.js';
import { loadConfigFile, readConfigText } from '../../../shared/node/config/config-file.js';
import { stripBom } from '../../../shared/node/config/config-text.js';
import { readVersion } from '../../../shared/node/config/config-versions.js';
import { undoConfig, writeConfig, writeConfigText } from '../../../shared/node/config/config-write.js';
import { GatewayError } from '../../../shared/errors.js';
import { listNames } from '../../../shared/text/list-names.js';
import { readInput } from '../../cli/read-input.js';
import { ConfigCommand } from './config-command.js';
import { changedKeys, interpretValue, listEdits, unknownKey, writeOptions } from './config-values.js';

/** Reports how a change of the file affects a running gateway. */
export abstract class ConfigChangeCommand extends ConfigCommand {
  protected async reportChange(change: { key: string; action: 'set' | 'removed' }): Promise<number> {
    const { configPath } = this.io.gatewayPaths;
    return this.reportApplied({ ...change, configPath }, `${change.key} is ${change.action} in ${configPath}`);
  }

  /** Names the restored keys: edits made by hand after the last change of xopc are undone, too. */
  protected async reportRestored(before: ConfigDocument['raw']): Promise<number> {
    const { configPath } = this.io.gatewayPaths;
    const keys = changedKeys(loadConfigFile({ path: configPath }).raw, before);
    const list = keys.length === 0 ? '' : `: ${listNames(keys)}`;
    return this.reportApplied({ key: '', action: 'restored', keys, configPath }, `The configuration is restored in ${configPath}${list}`);
  }
}

export class ConfigSetCommand extends ConfigChangeCommand {
  static override readonly usage = Command.Usage({
    category: 'Configuration',
    description: 'Set a value; comments in the file are kept.',
    details: `
      The value is parsed as JSON if possible, otherwise taken as text; \`-\` reads it from standard input, which keeps a secret
      out of the shell's history. Nothing is written if the result would be invalid. A running gateway applies the change.
    `,
    examples: [
      ['A number', 'xopc config set gateway.port 8080'],
      ['A list', `xopc config set gateway.allowedHosts '["home.example"]'`],
      ['A secret', 'xopc config set gateway.auth.api_key - < key.txt'],
    ],
  });

  readonly key = Option.String({ name: 'key' });
  readonly value = Option.String({ name: 'value' });

  protected async run(): Promise<number> {
    const path = parseKey(this.key);
    const given = this.value === '-' ? await readInput(this.context.stdin) : this.value;
    const unknown = unknownKey(path);
    if (unknown !== undefined) throw unknown;
    const text = stripBom(readConfigText(this.io.gatewayPaths.configPath) ?? '{}');
    const document = this.loadReadable();
    this.prepareDirectories();
    const before = listEdits(document, path);
    const value = interpretValue(given, { text, file: this.io.gatewayPaths.configPath, path, before });
    // A list that another process writes in the meantime is not replaced.
    const expected = before.length === 0 ? {} : { expectedHash: document.hash };
    await writeConfig({ ...writeOptions(this.io.gatewayPaths), ...expected }, [...before, { path, value }]);
    return this.reportChange({ key: formatKey(path), action: 'set' });
  }
}

export class ConfigUnsetCommand extends ConfigChangeCommand {
  static override readonly usage = Command.Usage({
    category: 'Configuration',
    description: 'Remove a value from the file; its default applies.',
    examples: [['Back to the default port', 'xopc config unset gateway.port']],
  });

  readonly key = Option.String({ name: 'key' });

  protected async run(): Promise<number> {
    const path = parseKey(this.key);
    if (valueAt(this.loadReadable().raw, path) === undefined) {
      const unknown = unknownKey(path);
      if (unknown !== undefined) throw unknown;
      await this.io.note(`${formatKey(path)} is not set in ${this.io.gatewayPaths.configPath}; its default applies already.`);
      if (this.json) await this.io.printJson({ key: formatKey(path), action: 'none', configPath: this.io.gatewayPaths.configPath });
      return 0;
    }
    this.prepareDirectories();
    await writeConfig(writeOptions(this.io.gatewayPaths), [{ path, value: undefined }]);
    return this.reportChange({ key: formatKey(path), action: 'removed' });
  }
}

export class ConfigUndoCommand extends ConfigChangeCommand {
  static override readonly usage = Command.Usage({
    category: 'Configuration',
    description: 'Undo the last change that xopc made to the file; a second undo redoes it.',
    details: 'Edits made by hand after that change are undone, too. The command names the keys.',
    examples: [
      ['Undo it', 'xopc config undo'],
      ['Back to an earlier version', 'xopc config undo --to 1768000000000-0123456789abcdef'],
    ],
  });

  readonly to = Option.String('--to', { description: 'A version of `xopc config versions`.' });

  protected async run(): Promise<number> {
    this.prepareDirectories();
    const { raw } = loadConfigFile({ path: this.io.gatewayPaths.configPath });
    if (this.to === undefined) await undoConfig(writeOptions(this.io.gatewayPaths));
    else await writeConfigText(writeOptions(this.io.gatewayPaths), this.#textOf(this.to));
    return this.reportRestored(raw);
  }

  #textOf(id: string): string {
    const text = readVersion(this.io.gatewayPaths.configVersionsDir, id);
    if (text !== undefined) return text;
    throw new GatewayError('NOT_FOUND', { message: `there is no version '${id}'`, hint: 'See them with: xopc config versions' });
  }
}
