import { Command, Option } from 'clipanion';
import type { OutgoingDocument } from '../../../shared/api/messages.js';
import { BaseCommand } from '../../cli/base-command.js';
import { messagePath } from './outgoing-message.js';

export class MessageRetryCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Messages',
    description: 'Send a dead or unknown message again.',
    details: 'Parts that were delivered are not repeated. A message with the status unknown may have arrived; then the chat gets it twice.',
    examples: [['By its id', 'xopc messages retry msg_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f']],
  });

  readonly id = Option.String({ name: 'id' });

  protected async run(): Promise<number> {
    const path = messagePath(this.id);
    const { message } = await this.request<{ message: OutgoingDocument }>({ method: 'POST', path: `${path}/retry` });
    return this.printResult(message, `${message.id} ${message.status}`);
  }
}

export class MessageDropCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Messages',
    description: 'Discard a message that was not delivered; it is not sent again.',
    examples: [['By its id', 'xopc messages drop msg_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f']],
  });

  readonly id = Option.String({ name: 'id' });

  protected async run(): Promise<number> {
    const path = messagePath(this.id);
    await this.request({ method: 'DELETE', path });
    return this.printResult({ id: this.id, dropped: true }, `${this.id} dropped`);
  }
}
