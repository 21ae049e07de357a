import { Command, Option } from 'clipanion';
import type { Answer } from '../../../shared/api/fields.js';
import type { ApprovalDocument, approvalListResponse, GrantDocument } from '../../../shared/api/tools/approvals.js';
import { APPROVAL_STATES } from '../../../shared/api/tools/approval-states.js';
import { definedFields } from '../../../shared/fields.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { ListCommand } from '../../cli/list-command.js';
import { parseLimit } from '../../cli/parse-options.js';
import { usage } from '../../cli/usage.js';

const LIMITS = { default: 20, max: 200 };

const row = ({ id, state, tool, agentId, session, expiresAt, decidedAt }: ApprovalDocument): string[] => [
  String(id),
  state,
  tool,
  agentId,
  session,
  decidedAt ?? `until ${expiresAt}`,
];

export class ApprovalListCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Approvals',
    description: 'List the tool calls that wait for a decision.',
    details: 'Newest first. `xopc approve` and `xopc deny` decide.',
    examples: [
      ['Those that wait', 'xopc approvals'],
      ['All of them, as JSON', 'xopc approvals list --state all --json'],
    ],
  });

  readonly state = Option.String('--state', 'pending', {
    description: `Only these: ${APPROVAL_STATES.join(', ')}, or all. Default: pending.`,
  });
  readonly session = Option.String('--session', { description: 'Only those of this session, by its key.' });
  readonly limit = Option.String('-n,--limit', { description: `How many, 1 to ${LIMITS.max}; default ${LIMITS.default}.` });
  readonly cursor = Option.String('--cursor', { description: 'Continue after a page: its `nextCursor`.' });

  protected async run(): Promise<number> {
    const states: readonly string[] = [...APPROVAL_STATES, 'all'];
    if (!states.includes(this.state)) throw usage(`--state is '${this.state}'`, `One of: ${states.join(', ')}`);
    const state = this.state === 'all' ? undefined : this.state;
    const limit = String(parseLimit(this.limit, LIMITS));
    const query = new URLSearchParams({ limit, ...definedFields({ state, session: this.session, cursor: this.cursor }) });
    const page = await this.request<Answer<typeof approvalListResponse>>({ method: 'GET', path: `/api/approvals?${query.toString()}` });
    const { approvals, nextCursor } = page;
    return this.printTable(
      { approvals, nextCursor },
      {
        columns: { NUMBER: Infinity, STATE: Infinity, TOOL: 40, AGENT: 20, SESSION: 60, WHEN: Infinity },
        rows: approvals.map(row),
        none: state === 'pending' ? 'Nothing waits for a decision.' : 'No approvals found.',
        notes: nextCursor === null ? [] : [`More with: ${shellCommand`--cursor ${nextCursor}`}`],
      },
    );
  }
}

export class GrantListCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Approvals',
    description: 'List the tools that agents may use without asking, because someone approved that.',
    details: 'A tool that the configuration denies stays denied. `xopc approvals revoke` revokes one.',
    examples: [['All of them', 'xopc approvals grants']],
  });

  protected async run(): Promise<number> {
    const { grants } = await this.request<{ grants: GrantDocument[] }>({ method: 'GET', path: '/api/approvals/grants' });
    return this.printTable(
      { grants },
      {
        columns: { NUMBER: Infinity, AGENT: 20, SESSION: 60, TOOL: 40, SINCE: Infinity },
        rows: grants.map(({ id, agentId, session, tool, grantedAt }) => [String(id), agentId, session ?? 'all', tool, grantedAt]),
        none: 'There are none.',
      },
    );
  }
}
