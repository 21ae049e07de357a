import { Command, Option } from 'clipanion';
import type { ApprovalDocument, DecisionRequest } from '../../../shared/api/tools/approvals.js';
import { REMEMBER, type Remember } from '../../../shared/api/tools/approval-states.js';
import { BaseCommand } from '../../cli/base-command.js';
import { definedFields } from '../../../shared/fields.js';
import { usage } from '../../cli/usage.js';
import { parseNumber } from './approval.js';

function parseRemember(text: string | undefined): Remember | undefined {
  const found = REMEMBER.find((scope) => scope === text);
  if (text === undefined || found !== undefined) return found;
  throw usage(`--remember is '${text}'; it must be session or agent`, 'e.g. --remember session');
}

abstract class DecideCommand extends BaseCommand {
  readonly number = Option.String({ name: 'number' });
  readonly note = Option.String('--note', { description: 'Why, for the agent and for people who look later.' });

  protected async decide(decision: DecisionRequest): Promise<number> {
    const path = `/api/approvals/${parseNumber(this.number)}/decide`;
    const body = { ...decision, ...definedFields({ note: this.note }) };
    const { approval } = await this.request<{ approval: ApprovalDocument }>({ method: 'POST', path, body });
    return this.printResult(approval, `${approval.id} ${approval.state}: ${approval.tool}`);
  }
}

export class ApproveCommand extends DecideCommand {
  static override readonly usage = Command.Usage({
    category: 'Approvals',
    description: 'Approve a tool call that an agent asks for.',
    details: 'The tool runs with exactly the input that `xopc approvals show` prints, and the turn continues.',
    examples: [
      ['Once', 'xopc approve 12'],
      ['And from now on in this session', 'xopc approve 12 --remember session'],
    ],
  });

  readonly remember = Option.String('--remember', { description: 'Do not ask again about the tool: `session` or `agent`.' });

  protected run(): Promise<number> {
    return this.decide({ decision: 'approve', ...definedFields({ remember: parseRemember(this.remember) }) });
  }
}

export class DenyCommand extends DecideCommand {
  static override readonly usage = Command.Usage({
    category: 'Approvals',
    description: 'Deny a tool call that an agent asks for.',
    details: 'The agent gets the refusal as the result of the call, and continues without it.',
    examples: [['With a reason', 'xopc deny 12 --note "not on a Friday"']],
  });

  protected run(): Promise<number> {
    return this.decide({ decision: 'deny' });
  }
}
