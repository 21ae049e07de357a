import { Command, Option } from 'clipanion';
import type { ChannelDocument } from '../../../shared/api/channels.js';
import type { ConfigView } from '../../../shared/api/gateway/config.js';
import { formatKey, valueAt } from '../../../shared/config/key-path.js';
import { GatewayError } from '../../../shared/errors.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { BaseCommand } from '../../cli/base-command.js';
import { definedFields } from '../../../shared/fields.js';
import { readSecret } from '../../cli/read-secret.js';
import { oneOf, usage } from '../../cli/usage.js';
import { poll } from '../../gateway/poll.js';

/** How long Telegram may take to answer. */
const CONNECT = { limitMs: 15_000, pause: 200 };

export class ChannelAddCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Channels',
    description: 'Connect a Telegram bot, or change its token.',
    details: `
      Create a bot with @BotFather, which gives its token. The token is stored in the configuration, which only this user can read. The running gateway connects at once; whoever writes to the bot first gets a code for \`xopc channels approve\`.
    `,
    examples: [
      ['With the token of this shell', 'xopc channels add telegram --token-env TELEGRAM_BOT_TOKEN'],
      ['With the token from a file', 'xopc channels add telegram --token-stdin < token.txt'],
    ],
  });

  readonly channel = Option.String({ name: 'channel' });
  readonly account = Option.String('--account', 'default', { description: 'Name of the account; default `default`.' });
  readonly tokenEnv = Option.String('--token-env', { description: "Environment variable with the bot's token; its value is stored." });
  readonly tokenStdin = Option.Boolean('--token-stdin', false, { description: "Read the bot's token from standard input." });
  readonly apiRoot = Option.String('--api-root', { description: 'Address of your own Bot API server.' });

  protected async run(): Promise<number> {
    const hint = 'A webhook is added with: xopc config set channels.webhook.accounts.default.url URL';
    const channel = oneOf('channel', this.channel, { choices: ['telegram'], hint });
    const secret = { flag: '--token', variable: this.tokenEnv, isFromStdin: this.tokenStdin };
    const botToken = await readSecret(this.context, secret);
    if (botToken === undefined) throw usage("the bot's token is required", 'Give it with --token-env NAME or --token-stdin.');
    const account = { botToken, ...definedFields({ apiRoot: this.apiRoot }) };
    await this.request({
      method: 'PATCH',
      path: '/api/config',
      body: { channels: { [channel]: { accounts: { [this.account]: account } } } },
    });
    return this.#report(channel, await poll(() => this.#settled(channel), CONNECT));
  }

  /** Returns the account under the new configuration, once it has tried to connect. */
  async #settled(channel: string): Promise<ChannelDocument | undefined> {
    const { inForce, effective } = await this.request<ConfigView>({ method: 'GET', path: '/api/config' });
    if (!inForce) return undefined;
    this.#mustBeEnabled(channel, effective);
    const { channels } = await this.request<{ channels: ChannelDocument[] }>({ method: 'GET', path: '/api/channels' });
    const found = channels.find((entry) => entry.channel === channel && entry.accountId === this.account);
    return found === undefined || found.state === 'starting' || found.state === 'off' ? undefined : found;
  }

  #mustBeEnabled(channel: string, config: unknown): void {
    const keys = [['channels', channel] as const, ['channels', channel, 'accounts', this.account] as const].map((path) => [
      ...path,
      'enabled',
    ]);
    const off = keys.find((path) => valueAt(config, path) === false);
    if (off === undefined) return;
    throw new GatewayError('CONFLICT', {
      message: `${channel}/${this.account} is in the configuration but disabled: ${formatKey(off)} is false`,
      hint: `Enable it with: ${shellCommand`xopc config set ${formatKey(off)} true`}`,
    });
  }

  async #report(channel: string, found: ChannelDocument | undefined): Promise<number> {
    if (found?.state !== 'running') {
      const key = formatKey(['channels', channel, 'accounts', this.account]);
      throw new GatewayError('UNAVAILABLE', {
        message: `${channel}/${this.account} is in the configuration but does not run yet: ${found?.message ?? 'it is still connecting'}`,
        details: { state: found?.state ?? null },
        hint: `See it with: xopc channels   Remove it with: ${shellCommand`xopc config unset ${key}`}`,
      });
    }
    return this.printResult(
      { channel, accountId: this.account, state: found.state, message: found.message },
      `✅ ${channel}/${this.account} is running${found.message === null ? '' : `: ${found.message}`}`,
      `Write to the bot; it answers with a code. Then: ${shellCommand`xopc channels approve ${channel} CODE`}`,
    );
  }
}
