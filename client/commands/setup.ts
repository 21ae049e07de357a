import { Command, Option } from 'clipanion';
import type { ChannelDocument } from '../../shared/api/channels.js';
import type { ModelDocument } from '../../shared/api/models.js';
import { INTERRUPTED_EXIT_CODE } from '../../shared/exit-codes.js';
import { BaseCommand } from '../cli/base-command.js';
import { usage } from '../cli/usage.js';
import { hasRealModel } from '../gateway/first-start.js';
import { locateGateway } from '../gateway/locate-gateway.js';
import { channelStep, gatewayStep, serviceStep } from '../setup/gateway-steps.js';
import { modelStep, providerStep } from '../setup/model-steps.js';
import { PromptStopped, Prompter } from '../setup/prompter.js';
import { type SetupFlags, SetupRun, StepFailed } from '../setup/setup-run.js';

const isTerminal = (stream: unknown): boolean => (stream as { isTTY?: boolean }).isTTY === true;

export class SetupCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Setup',
    description: 'Set the gateway up: model provider, default model, Telegram bot, service.',
    details: `
      Asks on a terminal; each step shows what exists and can be skipped, and is a command that is shown as it is run. Ctrl-C stops at any point; finished steps stay, and another \`xopc setup\` continues. With options and \`--yes\`, or without a terminal, nothing is asked: the steps of the options are done, in this order.
    `,
    examples: [
      ['With questions', 'xopc setup'],
      ['Without', 'xopc setup --provider openai --api-key-env OPENAI_API_KEY --model gpt-5-mini --service --yes'],
      ['A model server of this machine', 'xopc setup --provider ollama --yes'],
    ],
  });

  readonly provider = Option.String('--provider', { description: 'Provider to set up, e.g. openai or ollama; see `xopc models add`.' });
  readonly baseUrl = Option.String('--base-url', { description: 'Address of its API, where it is not a known provider.' });
  readonly apiKeyEnv = Option.String('--api-key-env', { description: 'Environment variable with its API key; the value is stored.' });
  readonly model = Option.String('--model', { description: 'Default model; default: the first one of the provider.' });
  readonly telegramTokenEnv = Option.String('--telegram-token-env', {
    description: "Environment variable with a Telegram bot's token; the value is stored.",
  });
  readonly telegramApiRoot = Option.String('--telegram-api-root', { description: 'Address of your own Bot API server.' });
  readonly service = Option.Boolean('--service', false, { description: 'Install the gateway as a service.' });
  readonly yes = Option.Boolean('-y,--yes', false, { description: 'Ask nothing; only do the steps of the options.' });

  protected async run(): Promise<number> {
    const asks = !this.yes && !this.json && isTerminal(this.context.stdin) && this.io.err.isTerminal;
    const flags = this.#flags(asks);
    if (!asks) this.#refuseNothing(flags);
    const prompter = asks ? new Prompter(this.context.stdin, this.io.err) : undefined;
    const request = this.request.bind(this);
    const setup = new SetupRun({ io: this.io, flags, prompter, configOption: this.config, request });
    try {
      await this.#runSteps(setup);
    } catch (error) {
      if (error instanceof PromptStopped) return this.#reportStop();
      if (!(error instanceof StepFailed)) throw error;
      if (this.json) await this.io.printJson({ done: false, steps: setup.done });
      else await this.io.note('Setup stopped at this step; the steps before it are done. Correct it, then run setup again.');
      return error.exitCode;
    }
    return this.#report(setup);
  }

  /** @param asks  so that the token is asked for, too */
  #flags(asks: boolean): SetupFlags {
    const { provider, baseUrl, apiKeyEnv, model, telegramTokenEnv, telegramApiRoot, service } = this;
    const needs = (flag: string, given: unknown, other: string): void => {
      if (given !== undefined) throw usage(`${flag} needs ${other}`, 'See: xopc setup --help');
    };
    if (provider === undefined) needs('--base-url', baseUrl, '--provider');
    if (provider === undefined) needs('--api-key-env', apiKeyEnv, '--provider');
    if (telegramTokenEnv === undefined && !asks) needs('--telegram-api-root', telegramApiRoot, '--telegram-token-env');
    return { provider, baseUrl, apiKeyEnv, model, telegramTokenEnv, telegramApiRoot, service };
  }

  /** @throws USAGE when it cannot ask questions and no option names a step */
  #refuseNothing({ provider, model, telegramTokenEnv, service }: SetupFlags): void {
    if (provider !== undefined || model !== undefined || telegramTokenEnv !== undefined || service) return;
    const reason = this.yes || this.json ? 'nothing is asked' : 'this is not a terminal, so nothing can be asked';
    const options = [
      'Give at least one of:',
      '--provider NAME                a model provider; with --api-key-env VARIABLE if it needs a key',
      '--model MODEL                  the default model',
      '--telegram-token-env VARIABLE  a Telegram bot',
      '--service                      a service',
    ];
    throw usage(`${reason}, and no option says what to set up`, options.join('\n    '));
  }

  async #runSteps(setup: SetupRun): Promise<void> {
    const { provider, model, telegramTokenEnv, service } = setup.flags;
    if (setup.prompter !== undefined)
      await this.io.note('Enter takes the value in brackets. Ctrl-C stops; run xopc setup again to continue.');
    // The service starts the gateway itself.
    const needsGateway = (provider ?? model ?? telegramTokenEnv) !== undefined;
    await setup.step('Gateway', needsGateway, () => gatewayStep(setup));
    const chosen = await setup.step('Model provider', provider !== undefined, () => providerStep(setup));
    await setup.step('Default model', (provider ?? model) !== undefined, () => modelStep(setup, chosen));
    await setup.step('Telegram', telegramTokenEnv !== undefined, () => channelStep(setup));
    await setup.step('Service', service, () => serviceStep(setup));
  }

  async #reportStop(): Promise<number> {
    await this.io.note('Setup stopped; finished steps are kept. Continue with: xopc setup');
    return INTERRUPTED_EXIT_CODE;
  }

  async #report(setup: SetupRun): Promise<number> {
    const lines = [
      setup.done.some(({ ok }) => ok) ? '✅ Setup is complete' : 'Nothing was changed.',
      '📝 Next:',
      ...(await this.#nextSteps(setup)).map((line) => `   ${line}`),
    ];
    return this.printResult({ done: true, steps: setup.done }, this.io.asCalled(lines.join('\n')));
  }

  /** Suggests next steps for the current setup. */
  async #nextSteps(setup: SetupRun): Promise<string[]> {
    if (this.json) return [];
    if ((await locateGateway(this.io.gatewayPaths)).kind !== 'answers') return ['xopc gateway start            # Start the gateway'];
    const [{ models }, { channels }] = await Promise.all([
      setup.request<{ models: ModelDocument[] }>({ method: 'GET', path: '/api/models' }),
      setup.request<{ channels: ChannelDocument[] }>({ method: 'GET', path: '/api/channels' }),
    ]).catch(() => [{ models: undefined }, { channels: [] }] as const);
    // Unknown without an answer.
    const hasModel = models === undefined || hasRealModel(models);
    const hasBot = channels.some(({ channel }) => channel === 'telegram');
    return [
      ...(hasModel ? [] : ['xopc setup                    # Add a model; until then a built-in guide answers']),
      'xopc agent "hello"            # Talk to the agent',
      'xopc gateway open             # Open the page',
      ...(hasBot ? [`xopc cron add '0 9 * * *' 'Good morning' --channel telegram --chat CHAT   # A message each day at nine`] : []),
      'xopc gateway status           # Show its status',
    ];
  }
}
