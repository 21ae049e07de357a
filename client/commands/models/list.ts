import { Command, Option } from 'clipanion';
import type { ModelDocument, ProviderDocument } from '../../../shared/api/models.js';
import { BaseCommand } from '../../cli/base-command.js';
import { renderTable } from '../../output/table.js';

export class ModelListCommand extends BaseCommand {
  static override readonly paths = [['models'], ['models', 'list']];
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
    const api = await this.connect();
    const answer = await api.call<{ models: ModelDocument[] }>({ method: 'GET', path: '/api/models' });
    const models = answer.models.filter(({ provider }) => this.provider === undefined || provider === this.provider);
    if (this.json) await this.printJson({ models });
    else if (models.length === 0) await this.note('There are no such models. See the configured providers with: xopc models providers');
    else await this.#print(models);
    return 0;
  }

  async #print(models: readonly ModelDocument[]): Promise<void> {
    const rows = models.map(({ id, name, contextWindow, input, reasoning }) => [
      id,
      name,
      contextWindow === null ? '' : String(contextWindow),
      [...input, ...(reasoning ? ['reasoning'] : [])].join(', '),
    ]);
    await this.printLine(renderTable([['MODEL', 'NAME', 'CONTEXT', 'CAN'], ...rows], [Infinity, 48, Infinity, 40]));
  }
}

export class ProviderListCommand extends BaseCommand {
  static override readonly paths = [['models', 'providers']];
  static override readonly usage = Command.Usage({
    category: 'Models',
    description: 'List the model providers, and whether they are configured.',
    examples: [['All of them', 'xopc models providers']],
  });

  protected async run(): Promise<number> {
    const api = await this.connect();
    const { providers } = await api.call<{ providers: ProviderDocument[] }>({ method: 'GET', path: '/api/providers' });
    if (this.json) await this.printJson({ providers });
    else {
      const rows = providers.map(({ id, name, configured, source, baseUrl }) => [id, name, configured ? 'yes' : 'no', source, baseUrl]);
      await this.printLine(renderTable([['PROVIDER', 'NAME', 'SET UP', 'BY', 'ADDRESS'], ...rows], [Infinity, 32, Infinity, 60, 60]));
    }
    return 0;
  }
}
