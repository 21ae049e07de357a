import { Command, Option } from 'clipanion';
import type { Usage, UsageAmounts } from '../../../shared/api/gateway/usage.js';
import { ListCommand } from '../../cli/list-command.js';
import { parseLimit } from '../../cli/parse-options.js';
import { usage } from '../../cli/usage.js';

const MAX_DAYS = 366;

function cells({ turns, calls, inputTokens, outputTokens, costUsd, unpricedTurns, unpricedCalls }: UsageAmounts): string[] {
  const [all, unpriced] = [turns + calls, unpricedTurns + unpricedCalls];
  const cost = unpriced < all ? `$${costUsd.toFixed(costUsd < 1 ? 4 : 2)}${unpriced > 0 ? ' +?' : ''}` : '?';
  return [turns, calls, inputTokens, outputTokens].map(String).concat(all === 0 ? '' : cost);
}

export class ModelUsageCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Models',
    description: 'Show model usage: turns, other calls, tokens and cost by model, day, session, agent, kind or access token.',
    details:
      'CALLS are model calls outside of turns: of `/v1` without a session, embeddings, recordings and summaries. A `?` stands for an unknown price. Usage of a deleted session is removed with it, seven days later.',
    examples: [
      ['The last 30 days', 'xopc models usage'],
      ['A week, day by day', 'xopc models usage --days 7 --by day'],
      ['Usage by access token', 'xopc models usage --by token'],
    ],
  });

  readonly days = Option.String('--days', { description: 'How many days back, today included; default 30.' });
  readonly by = Option.String('--by', 'model', { description: 'model, day, session, agent, kind or token (access tokens).' });

  protected async run(): Promise<number> {
    const days = parseLimit(this.days, { default: 30, max: MAX_DAYS, flag: '--days' });
    const rowsOf = this.#rows();
    const path = `/api/usage?days=${days}&utcOffsetMinutes=${-new Date().getTimezoneOffset()}`;
    const used = await this.request<Usage>({ method: 'GET', path });
    const columns = { [this.by.toUpperCase()]: 60, TURNS: Infinity, CALLS: Infinity, INPUT: Infinity, OUTPUT: Infinity, COST: Infinity };
    return this.printTable(used, { columns, rows: [...rowsOf(used), ['total', ...cells(used.total)]] });
  }

  /** @throws USAGE */
  #rows(): (usage: Usage) => string[][] {
    const known: Record<string, (usage: Usage) => string[][]> = {
      model: ({ models }) => models.map((row) => [row.model, ...cells(row)]),
      session: ({ sessions }) => sessions.map((row) => [row.key, ...cells(row)]),
      agent: ({ agents }) => agents.map((row) => [row.agentId, ...cells(row)]),
      kind: ({ kinds }) => kinds.map((row) => [row.kind, ...cells(row)]),
      token: ({ tokens, total }) => [
        ...tokens.map((row) => [row.name, ...cells(row)]),
        ['(no access token)', ...cells(rest(total, tokens))],
      ],
      day: ({ days }) => days.map(({ date, models }) => [date, ...cells(sum(models))]),
    };
    const found = known[this.by];
    if (found !== undefined) return found;
    throw usage(`--by is '${this.by}'; it must be model, day, session, agent, kind or token`);
  }
}

const AMOUNTS = [
  'turns',
  'calls',
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'costUsd',
  'unpricedTurns',
  'unpricedCalls',
] as const satisfies readonly (keyof UsageAmounts)[];

const made = (of: (name: keyof UsageAmounts) => number): UsageAmounts =>
  Object.fromEntries(AMOUNTS.map((name) => [name, of(name)])) as unknown as UsageAmounts;

const sum = (rows: readonly UsageAmounts[]): UsageAmounts => made((name) => rows.reduce((total, row) => total + row[name], 0));

/** Returns the part of the total that is in none of the rows. */
function rest(total: UsageAmounts, rows: readonly UsageAmounts[]): UsageAmounts {
  const listed = sum(rows);
  return made((name) => Math.max(0, total[name] - listed[name]));
}
