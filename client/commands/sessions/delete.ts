import { Command, Option } from 'clipanion';
import { BaseCommand } from '../../cli/base-command.js';
import type { SessionDocument } from '../../../shared/api/sessions.js';
import { sessionPath } from './session.js';

export class SessionDeleteCommand extends BaseCommand {
  static override readonly paths = [['sessions', 'delete']];
  static override readonly usage = Command.Usage({
    category: 'Sessions',
    description: 'Delete a conversation. It can be restored for seven days.',
    examples: [['By its key', 'xopc sessions delete main:webchat:default:direct:me']],
  });

  readonly key = Option.String({ name: 'key' });

  protected async run(): Promise<number> {
    const path = sessionPath(this.key);
    const api = await this.connect();
    const { restorableUntil } = await api.call<{ restorableUntil: string }>({ method: 'DELETE', path });
    if (this.json) await this.printJson({ key: this.key, deleted: true, restorableUntil });
    else {
      await this.printLine(`${this.key} deleted`);
      await this.note(`Until ${restorableUntil} it can be restored with: xopc sessions restore ${this.key}`);
    }
    return 0;
  }
}

export class SessionRestoreCommand extends BaseCommand {
  static override readonly paths = [['sessions', 'restore']];
  static override readonly usage = Command.Usage({
    category: 'Sessions',
    description: 'Restore a conversation that was deleted in the last seven days.',
    details: 'If several had that key, the one deleted last is restored.',
    examples: [['By its key', 'xopc sessions restore main:webchat:default:direct:me']],
  });

  readonly key = Option.String({ name: 'key' });

  protected async run(): Promise<number> {
    const path = sessionPath(this.key);
    const api = await this.connect();
    const { session } = await api.call<{ session: SessionDocument }>({ method: 'POST', path: `${path}/restore` });
    if (this.json) await this.printJson(session);
    else await this.printLine(`${session.key} restored: ${session.messageCount} messages`);
    return 0;
  }
}
