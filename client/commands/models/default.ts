import { Command, Option } from 'clipanion';
import type { ModelDocument } from '../../../shared/api/models.js';
import { valueAt } from '../../../shared/config/key-path.js';
import { writeConfig } from '../../../shared/node/config/config-write.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { locateGateway } from '../../gateway/locate-gateway.js';
import { ConfigCommand } from '../config/config-command.js';
import { effectiveValue, writeOptions } from '../config/config-values.js';
import { usage } from '../../cli/usage.js';

const KEY = ['agents', 'defaults', 'model'];

export class ModelDefaultCommand extends ConfigCommand {
  static override readonly usage = Command.Usage({
    category: 'Models',
    description: 'Show or set the model of agents that do not name one.',
    details: 'This is `agents.defaults.model` in the configuration; its fallbacks are kept. A running gateway applies it.',
    examples: [
      ['Show it', 'xopc models default'],
      ['Set it', 'xopc models default ollama/llama3.2'],
    ],
  });

  readonly model = Option.String({ name: 'model', required: false });

  protected async run(): Promise<number> {
    const document = this.loadReadable();
    if (this.model !== undefined) return this.#set(this.model, valueAt(document.raw, KEY));
    await this.#show(effectiveValue(document, KEY));
    return 0;
  }

  async #show(current: unknown): Promise<void> {
    const { primary, fallbacks } =
      typeof current === 'object' && current !== null
        ? (current as { primary?: string; fallbacks?: string[] })
        : { primary: current as string | undefined, fallbacks: [] };
    if (this.json) return this.io.printJson({ model: primary ?? null, fallbacks: fallbacks ?? [] });
    if (primary === undefined || primary === null) {
      return this.io.note('No default model is set; the first configured model answers. Set one with: xopc models default PROVIDER/MODEL');
    }
    await this.io.printLine([primary, ...(fallbacks ?? [])].join('\n'));
  }

  /** @param current  as written in the file */
  async #set(model: string, current: unknown): Promise<number> {
    if (!/^[^\s/]+\/\S+$/.test(model)) {
      throw usage(`invalid model '${model}'; it must be PROVIDER/MODEL`, 'See them with: xopc models');
    }
    await this.#checkKnown(model);
    this.prepareDirectories();
    const path = typeof current === 'object' && current !== null ? [...KEY, 'primary'] : KEY;
    await writeConfig(writeOptions(this.io.gatewayPaths), [{ path, value: model }]);
    const exitCode = await this.reportApplied({ model }, `${model} is now the default`);
    if (!this.json && exitCode === 0) await this.io.note(`Try it with: ${shellCommand`xopc models test ${model}`}`);
    return exitCode;
  }

  /** Warns about a model that the running gateway does not list; providers may not list all of their models. */
  async #checkKnown(model: string): Promise<void> {
    if ((await locateGateway(this.io.gatewayPaths)).kind !== 'answers') return;
    const { models } = await this.request<{ models: ModelDocument[] }>({ method: 'GET', path: '/api/models' });
    if (!models.some(({ id }) => id === model)) {
      await this.io.note(`Warning: no configured provider lists ${model}.`, this.io.err.paint.yellow);
    }
  }
}
