import { Command, Option } from 'clipanion';
import type { ModelDocument, ProviderDocument } from '../../../shared/api/models.js';
import { ListCommand } from '../../cli/list-command.js';
import { shellCommand } from '../../../shared/text/shell-word.js';

export class ModelListCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Models',
    description: 'List the models that can be used.',
    examples: [
      ['All of them', 'xopc models'],
      ['Those of one provider', 'xopc models --provider ollama'],
    ],
  });

  readonly provider = Option.String('--provider', { description: 'Only those of this provider.' });

  protected async run(): Promise<number> {
    const answer = await this.request<{ models: ModelDocument[] }>({ method: 'GET', path: '/api/models' });
    const models = answer.models.filter(({ provider }) => this.provider === undefined || provider === this.provider);
    const exitCode = await this.printTable(
      { models },
      {
        columns: { MODEL: Infinity, NAME: 48, CONTEXT: Infinity, CAN: 40 },
        rows: models.map(({ id, name, contextWindow, input, reasoning }) => [
          id,
          name,
          contextWindow === null ? '' : String(contextWindow),
          [...input, ...(reasoning ? ['reasoning'] : [])].join(', '),
        ]),
        none: 'No models found. See the configured providers with: xopc models providers',
      },
    );
    if (!this.json) await this.#noteUnlisted(answer.models);
    return exitCode;
  }

  /** A token with only the scope `chat` cannot list providers. */
  async #noteUnlisted(models: readonly ModelDocument[]): Promise<void> {
    const answer = await this.request<{ providers: ProviderDocument[] }>({ method: 'GET', path: '/api/providers' }).catch(() => undefined);
    for (const { id, configured } of answer?.providers ?? []) {
      if (!configured || models.some(({ provider }) => provider === id) || (this.provider ?? id) !== id) continue;
      await this.io.note(`${id}: its models could not be listed. See why with: ${shellCommand`xopc models test ${id}`}`);
    }
  }
}

export class ProviderListCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Models',
    description: 'List the model providers, and whether they are configured.',
    examples: [['All of them', 'xopc models providers']],
  });

  protected async run(): Promise<number> {
    const { providers } = await this.request<{ providers: ProviderDocument[] }>({ method: 'GET', path: '/api/providers' });
    const rows = providers.map(({ id, name, configured, source, baseUrl }) => [id, name, configured ? 'yes' : 'no', source, baseUrl]);
    return this.printTable({ providers }, { columns: { PROVIDER: Infinity, NAME: 32, 'SET UP': Infinity, BY: 60, ADDRESS: 60 }, rows });
  }
}
