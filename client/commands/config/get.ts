import { Command, Option } from 'clipanion';
import type { ConfigDocument } from '../../../shared/config/document.js';
import { formatKey, isPrefix, type KeyPath, parseKey, valueAt } from '../../../shared/config/key-path.js';
import { GatewayError } from '../../../shared/errors.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { ConfigCommand } from './config-command.js';
import { effectiveValue, hideSecrets, notSetHere, unknownKey } from './config-values.js';

export class ConfigGetCommand extends ConfigCommand {
  static override readonly usage = Command.Usage({
    category: 'Configuration',
    description: 'Print a value, or the whole configuration, defaults included.',
    details: 'Secrets are shown as `****` unless --show is given. --raw prints the value as written in the file.',
    examples: [
      ['One value', 'xopc config get gateway.port'],
      ['All of it', 'xopc config get'],
    ],
  });

  readonly key = Option.String({ name: 'key', required: false });
  readonly raw = Option.Boolean('--raw', false, { description: 'As written in the file: no defaults, `${VAR}` not filled in.' });
  readonly show = Option.Boolean('--show', false, { description: 'Show secrets too.' });

  protected async run(): Promise<number> {
    const path = this.key === undefined ? [] : parseKey(this.key);
    const document = this.loadReadable();
    const unknown = unknownKey(path);
    if (unknown !== undefined) throw unknown;
    const value = this.raw ? valueAt(document.raw, path) : effectiveValue(document, path);
    if (value === undefined)
      throw new GatewayError('NOT_FOUND', {
        message: `'${this.key}' is not set`,
        hint: `Set it with: ${shellCommand`xopc config set ${formatKey(path)} VALUE`}`,
      });
    if (!this.raw) await this.#noteUnset(document, path);
    await this.printValue(this.show ? value : hideSecrets(value, path));
    return 0;
  }

  /** Names what is shown without its value, or with its default in place of it. */
  async #noteUnset({ unresolved }: ConfigDocument, path: KeyPath): Promise<void> {
    if (this.json) return;
    for (const unset of unresolved.filter((at) => isPrefix(path, at.path)))
      await this.io.note(`Warning: ${notSetHere(unset)}`, this.io.err.paint.yellow);
  }
}
