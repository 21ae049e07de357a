import { Command, Option } from 'clipanion';
import type { Usage, UsageAmounts } from '../../../shared/api/gateway/usage.js';
import { ListCommand } from '../../cli/list-command.js';
import { parseLimit } from '../../cli/parse-options.js';
import { usage } from '../../cli/usage.js';

const MAX_DAYS = 366;

function cells({ turns, inputTokens, outputTokens, costUsd, unpricedTurns }: UsageAmounts): string[] {
  const isPriced = unpricedTurns < turns;
  const cost = isPriced ? `$${costUsd.toFixed(costUsd < 1 ? 4 : 2)}${unpricedTurns > 0 ? ' +?' : ''}` : '?';
  return [turns, inputTokens, outputTokens].map(String).concat(turns === 0 ? '' : cost);
}

export class ModelUsageCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Models',
    description: 'Show what agents used: turns, tokens and cost by model.',
    details: 'A `?` stands for turns without a known price. Usage of a deleted session is removed with it, seven days later.',
    examples: [
      ['The last 30 days', 'xopc models usage'],
      ['A week, day by day', 'xopc models usage --days 7 --by day'],
    ],
  });

  readonly days = Option.String('--days', { description: 'How many days back, today included; default 30.' });
  readonly by = Option.String('--by', 'model', { description: 'model, day or session.' });

  protected async run(): Promise<number> {
    const days = parseLimit(this.days, { default: 30, max: MAX_DAYS, flag: '--days' });
    const rowsOf = this.#rows();
    const path = `/api/usage?days=${days}&utcOffsetMinutes=${-new Date().getTimezoneOffset()}`;
    const used = await this.request<Usage>({ method: 'GET', path });
    const columns = { [this.by.toUpperCase()]: 60, TURNS: Infinity, INPUT: Infinity, OUTPUT: Infinity, COST: Infinity };
    return this.printTable(used, { columns, rows: [...rowsOf(used), ['total', ...cells(used.total)]] });
  }

  /** @throws USAGE */
  #rows(): (usage: Usage) => string[][] {
    const known: Record<string, (usage: Usage) => string[][]> = {
      model: ({ models }) => models.map((row) => [row.model, ...cells(row)]),
      session: ({ sessions }) => sessions.map((row) => [row.key, ...cells(row)]),
      day: ({ days }) => days.map(({ date, models }) => [date, ...cells(sum(models))]),
    };
    const found = known[this.by];
    if (found !== undefined) return found;
    throw usage(`--by is '${this.by}'; it must be model, day or session`);
  }
}

function sum(rows: readonly UsageAmounts[]): UsageAmounts {
  const of = (name: keyof UsageAmounts): number => rows.reduce((total, row) => total + row[name], 0);
  return {
    turns: of('turns'),
    inputTokens: of('inputTokens'),
    outputTokens: of('outputTokens'),
    cacheReadTokens: of('cacheReadTokens'),
    cacheWriteTokens: of('cacheWriteTokens'),
    costUsd: of('costUsd'),
    unpricedTurns: of('unpricedTurns'),
  };
}
