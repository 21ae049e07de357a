import { Command } from 'clipanion';
import type { TokenList } from '../../../shared/api/gateway/tokens.js';
import { ListCommand } from '../../cli/list-command.js';

export class TokenListCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Access tokens',
    description: 'List the access tokens.',
    details:
      "The gateway's own token is not among them: `xopc gateway token`. The last use is accurate to the minute. The amount spent today (UTC) is what counts against the limit; without one, the cost of its turns and other calls.",
    examples: [['All of them', 'xopc token list']],
  });

  protected async run(): Promise<number> {
    const { tokens } = await this.request<TokenList>({ method: 'GET', path: '/api/tokens' });
    const nowIso = new Date().toISOString();
    const end = (expiresAt: string | null): string => {
      if (expiresAt === null) return 'never';
      return expiresAt <= nowIso ? `${expiresAt} (expired)` : expiresAt;
    };
    return this.printTable(
      { tokens },
      {
        columns: {
          NAME: Infinity,
          TOKEN: Infinity,
          SCOPES: Infinity,
          AGENTS: 40,
          'PER MINUTE': Infinity,
          'USD A DAY': Infinity,
          'USD TODAY': Infinity,
          EXPIRES: Infinity,
          'LAST USED': Infinity,
        },
        rows: tokens.map(
          ({ name, prefix, scopes, agents, requestsPerMinute, dailyUsd, spentTodayUsd, expiresAt, lastUsedAt, lastUsedFrom }) => [
            name,
            prefix === null ? '' : `${prefix}…`,
            scopes.join(', '),
            agents === null ? 'all' : agents.join(', '),
            requestsPerMinute === null ? 'no limit' : String(requestsPerMinute),
            dailyUsd === null ? 'no limit' : String(dailyUsd),
            spentTodayUsd.toFixed(spentTodayUsd > 0 && spentTodayUsd < 1 ? 4 : 2),
            end(expiresAt),
            lastUsedAt === null ? 'never' : `${lastUsedAt}${lastUsedFrom === null ? '' : ` from ${lastUsedFrom}`}`,
          ],
        ),
        none: 'There are no access tokens. Create one with: xopc token add NAME --scope read',
      },
    );
  }
}
