import { Command, Option } from 'clipanion';
import type { OutgoingDocument } from '../../../shared/api/messages.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { BaseCommand } from '../../cli/base-command.js';
import { describeChat, messagePath } from './outgoing-message.js';

function describe(message: OutgoingDocument): string[] {
  const { id, status, attempts, parts, deliveredParts, error, createdAt, updatedAt, expiresAt, nextAttemptAt } = message;
  return [
    `Message: ${id}`,
    `Chat: ${describeChat(message)}`,
    `Status: ${status}`,
    `Attempts: ${attempts}`,
    ...(parts > 1 ? [`Parts: ${deliveredParts} of ${parts} delivered`] : []),
    ...(error === null ? [] : [`Error: ${error}`]),
    ...(nextAttemptAt === null ? [] : [`Next attempt: ${nextAttemptAt}`]),
    `Created: ${createdAt}`,
    `Updated: ${updatedAt}`,
    `Expires: ${expiresAt}`,
  ];
}

export class MessageShowCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Messages',
    description: 'Show one message for a chat with its delivery status.',
    examples: [['By its id', 'xopc messages show msg_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f']],
  });

  readonly id = Option.String({ name: 'id' });

  protected async run(): Promise<number> {
    const path = messagePath(this.id);
    const { message } = await this.request<{ message: OutgoingDocument }>({ method: 'GET', path });
    if (this.json) {
      await this.io.printJson(message);
      return 0;
    }
    await this.printForeign([...describe(message), '', message.content].join('\n'));
    if (message.status === 'dead' || message.status === 'unknown')
      await this.io.note(`Send it again with: ${shellCommand`xopc messages retry ${message.id}`}`);
    return 0;
  }
}
