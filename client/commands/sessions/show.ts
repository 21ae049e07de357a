import { Command, Option } from 'clipanion';
import { BaseCommand } from '../../cli/base-command.js';
import type { MessageDocument, SessionTranscript } from '../../../shared/api/sessions.js';
import { sessionPath } from './session.js';

function describeMessage({ role, content, createdAt, model, status }: MessageDocument): string {
  const about = [createdAt, ...(model === null ? [] : [model]), ...(status === 'complete' ? [] : [status])].join(', ');
  return `${role} (${about})\n${content}\n`;
}

export class SessionShowCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Sessions',
    description: 'Show a conversation: the newest thousand messages of it.',
    examples: [
      ['By its key', 'xopc sessions show main:webchat:default:direct:me'],
      ['By the name that `xopc agent --session` takes', 'xopc sessions show trip'],
    ],
  });

  readonly key = Option.String({ name: 'key' });

  protected async run(): Promise<number> {
    const path = sessionPath(this.key);
    const { session, messages } = await this.request<SessionTranscript>({ method: 'GET', path });
    const heading = [
      `Session: ${session.key}`,
      `Title: ${session.title}`,
      `Created: ${session.createdAt}`,
      `Messages: ${session.messageCount}`,
    ];
    return this.printForeignResult({ session, messages }, [...heading, '', ...messages.map(describeMessage)].join('\n').trimEnd());
  }
}
