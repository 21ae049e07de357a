import { Command, Option } from 'clipanion';
import { BaseCommand } from '../../cli/base-command.js';
import type { SessionDocument } from '../../../shared/api/sessions.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { sessionPath } from './session.js';

export class SessionDeleteCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Sessions',
    description: 'Delete a conversation. It can be restored for seven days.',
    examples: [['By its key', 'xopc sessions delete main:webchat:default:direct:me']],
  });

  readonly key = Option.String({ name: 'key' });

  protected async run(): Promise<number> {
    const path = sessionPath(this.key);
    const { restorableUntil } = await this.request<{ restorableUntil: string }>({ method: 'DELETE', path });
    return this.printResult(
      { key: this.key, deleted: true, restorableUntil },
      `${this.key} deleted`,
      `Until ${restorableUntil} it can be restored with: ${shellCommand`xopc sessions restore ${this.key}`}`,
    );
  }
}

export class SessionRestoreCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Sessions',
    description: 'Restore a conversation that was deleted in the last seven days.',
    details: 'If several had that key, the one deleted last is restored.',
    examples: [['By its key', 'xopc sessions restore main:webchat:default:direct:me']],
  });

  readonly key = Option.String({ name: 'key' });

  protected async run(): Promise<number> {
    const path = sessionPath(this.key);
    const { session } = await this.request<{ session: SessionDocument }>({ method: 'POST', path: `${path}/restore` });
    return this.printResult(session, `${session.key} restored: ${session.messageCount} messages`);
  }
}
