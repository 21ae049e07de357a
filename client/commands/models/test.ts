import { Command, Option } from 'clipanion';
import type { ModelList, ProviderDocument, ProviderTestResult } from '../../../shared/api/models.js';
import type { ChatCompletion } from '../../../shared/api/openai.js';
import { GatewayError } from '../../../shared/errors.js';
import { BaseCommand } from '../../cli/base-command.js';
import { clip } from '../../output/table.js';

const MAX_SHOWN = 80;
const QUESTION = 'Reply with the single word OK.';

/** Shortens a long answer to one line. */
const oneLine = (reply: string): string => clip(reply.replace(/\s+/g, ' ').trim(), MAX_SHOWN);

export class ModelTestCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Models',
    description: 'Ask a model one short question, and report the outcome.',
    details:
      'Exit code: 0 it answered, 1 it did not; the reason comes from the provider. The question costs a few tokens and is not stored in a session.',
    examples: [
      ['One model', 'xopc models test openai/gpt-5-mini'],
      ['The first one of a provider', 'xopc models test openai'],
      ['What the default agent uses', 'xopc models test'],
    ],
  });

  readonly model = Option.String({ name: 'model', required: false });

  protected async run(): Promise<number> {
    const model = await this.#modelOf(this.model);
    const startedAt = performance.now();
    const body = { model, messages: [{ role: 'user', content: QUESTION }] };
    const { choices, usage } = await this.request<ChatCompletion>({ method: 'POST', path: '/v1/chat/completions', body });
    const durationMs = Math.round(performance.now() - startedAt);
    const reply = choices[0]?.message.content ?? '';
    return this.printForeignResult(
      { model, reply, durationMs, usage: usage ?? null },
      `${model} answered in ${durationMs} ms: ${oneLine(reply)}`,
    );
  }

  /** Returns the model to test: the first one of a provider, an agent's own, or by default that of the default agent. */
  async #modelOf(name: string | undefined): Promise<string> {
    if (name?.includes('/') === true) return name;
    const { models, defaults } = await this.request<ModelList>({ method: 'GET', path: '/api/models' });
    if (name === undefined) return defaults[0]?.model ?? '';
    const model = defaults.find(({ agentId }) => agentId === name)?.model ?? models.find(({ provider }) => provider === name)?.id;
    if (model !== undefined) return model;
    const { providers } = await this.request<{ providers: ProviderDocument[] }>({ method: 'GET', path: '/api/providers' });
    if (providers.some(({ id }) => id === name)) return `${name}/${await this.#firstOf(name)}`;
    throw new GatewayError('MODEL_NOT_FOUND', {
      message: `there is no model, provider or agent '${name}'`,
      hint: 'See the models with: xopc models   And the providers with: xopc models providers',
    });
  }

  /** @throws UNAVAILABLE with the reason why a provider's models cannot be listed */
  async #firstOf(id: string): Promise<string> {
    const found = await this.request<ProviderTestResult>({ method: 'POST', path: '/api/providers/test', body: { id } });
    const { ok, cause, httpStatus, models } = found;
    if (ok && models[0] !== undefined) return models[0];
    const message = ok ? `${id} lists no models` : `${id} does not work: ${found.message}`;
    throw new GatewayError('UNAVAILABLE', { message, details: { cause, httpStatus } });
  }
}
