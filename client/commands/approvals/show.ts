import { Command, Option } from 'clipanion';
import type { ApprovalDocument, GrantDocument } from '../../../shared/api/tools/approvals.js';
import { escapeControls, escapeHidden } from '../../../shared/log/escape.js';
import { BaseCommand } from '../../cli/base-command.js';
import { fold } from '../../output/table.js';
import { parseNumber } from './approval.js';

/**
 * Wraps a model's text so that the terminal does not: a line broken by the terminal would continue at the left edge and look like
 * text from the gateway.
 */
const quote = (said: string): string[] =>
  escapeHidden(said)
    .split('\n')
    .flatMap((line) => fold(line.replaceAll('\t', '  '), 76))
    .map((part) => `> ${part}`);

function describe(approval: ApprovalDocument): string {
  const { id, state, tool, agentId, session, askedAt, expiresAt, decidedAt, decidedBy, note, remember, said, input } = approval;
  const who = decidedBy === null ? '' : ` by ${decidedBy.name === null ? '' : `${decidedBy.name}, `}${decidedBy.via}`;
  const facts = [
    `Approval: ${id}`,
    `State: ${state}${who}${decidedAt === null ? '' : ` at ${decidedAt}`}`,
    ...(remember === null ? [] : [`Remembered for: the ${remember}`]),
    ...(note === null ? [] : [`Note: ${note}`]),
    `Tool: ${tool}`,
    `Agent: ${agentId}`,
    `Session: ${session}`,
    `Asked: ${askedAt}`,
    ...(state === 'pending' ? [`Expires: ${expiresAt}`] : []),
  ];
  return [
    ...facts.map(escapeControls),
    ...(said === '' ? [] : ['', 'The agent said:', ...quote(said)]),
    '',
    'Input:',
    escapeHidden(JSON.stringify(input, undefined, 2)),
  ].join('\n');
}

export class ApprovalShowCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Approvals',
    description: 'Show a tool call with its whole input.',
    details: 'The input is not masked: the tool runs with exactly this.',
    examples: [['By its number', 'xopc approvals show 12']],
  });

  readonly number = Option.String({ name: 'number' });

  protected async run(): Promise<number> {
    const path = `/api/approvals/${parseNumber(this.number)}`;
    const { approval } = await this.request<{ approval: ApprovalDocument }>({ method: 'GET', path });
    return this.printForeignResult(approval, describe(approval));
  }
}

export class GrantRevokeCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Approvals',
    description: 'Let an agent ask again before it uses a tool.',
    examples: [['By its number in the list', 'xopc approvals revoke 3']],
  });

  readonly number = Option.String({ name: 'number' });

  protected async run(): Promise<number> {
    const path = `/api/approvals/grants/${parseNumber(this.number, 'the number of a grant')}`;
    const { grant } = await this.request<{ grant: GrantDocument }>({ method: 'DELETE', path });
    return this.printResult({ grant, revoked: true }, `${grant.agentId} asks again before it uses ${grant.tool}`);
  }
}
