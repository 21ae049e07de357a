import { Command, Option } from 'clipanion';
import type { ConfigView } from '../../../shared/api/gateway/config.js';
import { SCOPES, type TokenCreated } from '../../../shared/api/gateway/tokens.js';
import { BaseCommand } from '../../cli/base-command.js';
import { definedFields } from '../../../shared/fields.js';
import { listNames } from '../../../shared/text/list-names.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { parseDuration } from '../../cli/parse-options.js';
import { usage } from '../../cli/usage.js';

const words = (texts: readonly string[]): string[] => texts.flatMap((text) => text.split(',')).filter((word) => word !== '');

const EXAMPLE = 'e.g. --expires 2027-01-31, or --expires 90d';

/** A date or time, or a duration from now. @throws USAGE */
function parseExpiry(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const isDuration = /^\d+[smhdw]/.test(text);
  if (!isDuration && !/^\d{4}-/.test(text)) throw usage(`--expires is '${text}'; it must be a duration or a date`, EXAMPLE);
  const [day] = /^\d{4}-\d{2}-\d{2}/.exec(text) ?? [];
  const atMs = day === undefined ? Date.now() + parseDuration(text, '--expires') : Date.parse(text);
  const dayMs = day === undefined ? atMs : Date.parse(day);
  // `Date` reads 31 February as 3 March.
  const isDate = !Number.isNaN(atMs) && !Number.isNaN(dayMs) && (day === undefined || new Date(dayMs).toISOString().startsWith(day));
  if (!isDate) throw usage(`--expires is '${text}', which is not a date`, EXAMPLE);
  return new Date(atMs).toISOString();
}

function parseRate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw usage(`--rate is '${text}'; it must be a whole number of requests per minute`, 'e.g. --rate 60');
}

function parseUsd(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const usd = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (usd > 0) return usd;
  throw usage(`--daily-usd is '${text}'; it must be an amount of US dollars`, 'e.g. --daily-usd 2.50');
}

export class TokenAddCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Access tokens',
    description: 'Create an access token for a program.',
    details: `
      The secret is printed once and alone; only its hash is stored. Scopes: \`read\` (every GET that is not of \`admin\`), \`chat\` (agents, models and sessions, and /v1), \`send\` (messages to chats), \`cron\` (scheduled jobs), \`admin\` (everything).

      With --agents a token can only ask these agents, over POST /api/agent, /v1 and /mcp, and \`chat\` is its only scope.
    `,
    examples: [
      ['For a dashboard', 'xopc token add grafana --scope read'],
      ['For one agent, for 90 days', 'xopc token add editor --scope chat --agents main --expires 90d'],
    ],
  });

  readonly name = Option.String({ name: 'name' });
  readonly scope = Option.Array('--scope', { description: 'What it may do; several, separated by commas, or given again.' });
  readonly agents = Option.Array('--agents', { description: 'The only agents that it may ask, separated by commas.' });
  readonly expires = Option.String('--expires', { description: 'When it ends: a duration, such as `90d`, or a date. Default: never.' });
  readonly dailyUsd = Option.String('--daily-usd', {
    description: 'US dollars that it may spend on models per day (UTC). Default: no limit.',
  });
  readonly rate = Option.String('--rate', { description: 'How many requests it may send in a minute. Default: no limit.' });

  protected async run(): Promise<number> {
    const scopes = words(this.scope ?? []);
    const hint = `One or more of ${SCOPES.join(', ')}, e.g. --scope read`;
    if (scopes.length === 0) throw usage('--scope is required', hint);
    const unknown = scopes.find((scope) => !SCOPES.some((known) => known === scope));
    if (unknown !== undefined) throw usage(`--scope is '${unknown}', which does not exist`, hint);
    const agents = this.agents === undefined ? undefined : words(this.agents);
    const limits = definedFields({
      agents,
      expiresAt: parseExpiry(this.expires),
      requestsPerMinute: parseRate(this.rate),
      dailyUsd: parseUsd(this.dailyUsd),
    });
    const body = { name: this.name, scopes, ...limits };
    const { secret, token } = await this.request<TokenCreated>({ method: 'POST', path: '/api/tokens', body });
    if (agents !== undefined) await this.#checkAgents(agents);
    const end = token.expiresAt === null ? '' : ` until ${token.expiresAt}`;
    return this.printResult(
      { secret, token },
      secret,
      `This is the only time that the secret of '${token.name}' is shown. It may do: ${token.scopes.join(', ')}${end}. Revoke it with: ${shellCommand`xopc token revoke ${token.name}`}`,
    );
  }
  /** Warns about agents that do not exist; they may be added later. */
  async #checkAgents(agents: readonly string[]): Promise<void> {
    const view = await this.request<ConfigView>({ method: 'GET', path: '/api/config' }).catch(() => undefined);
    const { agents: configured } = (view?.effective ?? {}) as { agents?: { list?: readonly { id: string }[] } };
    const known = configured?.list?.map(({ id }) => id);
    const missing = agents.filter((agent) => known?.includes(agent) === false);
    if (missing.length > 0) await this.io.note(`⚠️ There is no agent ${listNames(missing)}: the token cannot ask it until it is added.`);
  }
}
