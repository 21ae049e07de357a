import { Command, Option } from 'clipanion';
import type { SessionSummary } from '../../../shared/api/session-archive.js';
import { BaseCommand } from '../../cli/base-command.js';
import { sessionPath } from './session.js';

interface Summaries {
  readonly summaries: readonly SessionSummary[];
}

export class SessionSummaryCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Sessions',
    description: "Show what a long conversation's model is given in place of its older messages.",
    examples: [
      ['By its key', 'xopc sessions summary main:webchat:default:direct:me'],
      ['Give it the full history instead', 'xopc sessions summary trip --undo'],
    ],
  });

  readonly undo = Option.Boolean('--undo', false, { description: 'Give the model the messages themselves again, as far as they fit.' });
  readonly key = Option.String({ name: 'key' });

  protected async run(): Promise<number> {
    const path = `${sessionPath(this.key)}/summaries`;
    const { summaries } = await this.request<Summaries>({ method: 'GET', path });
    const inUse = summaries.find(({ state }) => state === 'inUse');
    if (inUse === undefined) {
      if (this.json) await this.io.printJson({ summary: null });
      else await this.io.note(`The model of ${this.key} is given its messages; they are not summarised.`);
      return 0;
    }
    if (this.undo) {
      await this.request<Summaries>({ method: 'DELETE', path: `${path}/${encodeURIComponent(inUse.id)}` });
      return this.printResult({ ...inUse, state: 'undone' }, `The model of ${this.key} is given the full history again.`);
    }
    return this.printForeignResult({ summary: inUse }, `Written ${inUse.createdAt} by ${inUse.model}\n\n${inUse.content}`);
  }
}
