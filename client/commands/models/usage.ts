import { Command, Option } from 'clipanion';
import type { Usage, UsageAmounts } from '../../../shared/api/gateway/usage.js';
import { GatewayError } from '../../../shared/errors.js';
import { BaseCommand } from '../../cli/base-command.js';
import { renderTable } from '../../output/table.js';
import { parseLimit } from '../../cli/parse-options.js';

const MAX_DAYS = 366;

function cells({ turns, inputTokens, outputTokens, costUsd, unpricedTurns }: UsageAmounts): string[] {
  const isPriced = unpricedTurns < turns;
  const cost = isPriced ? `$${costUsd.toFixed(costUsd < 1 ? 4 : 2)}${unpricedTurns > 0 ? ' +?' : ''}` : '?';
  return [turns, inputTokens, outputTokens].map(String).concat(turns === 0 ? '' : cost);
}

export class ModelUsageCommand extends BaseCommand {
  static override readonly paths = [['models', 'usage']];
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
    const api = await this.connect();
    const path = `/api/usage?days=${days}&utcOffsetMinutes=${-new Date().getTimezoneOffset()}`;
    const usage = await api.call<Usage>({ method: 'GET', path });
    if (this.json) await this.printJson(usage);
    else {
      const table = [[this.by.toUpperCase(), 'TURNS', 'INPUT', 'OUTPUT', 'COST'], ...rowsOf(usage), ['total', ...cells(usage.total)]];
      await this.printLine(renderTable(table, [60, Infinity, Infinity, Infinity, Infinity]));
    }
    return 0;
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
    throw new GatewayError('USAGE', { message: `--by is '${this.by}'; it must be model, day or session` });
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
