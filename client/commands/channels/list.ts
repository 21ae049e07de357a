import { Command } from 'clipanion';
import type { ChannelDocument, PairingDocument } from '../../../shared/api/channels.js';
import { hasFullAccount, MAX_PENDING_PAIRINGS } from '../../../shared/channels/pairing-limit.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { BaseCommand } from '../../cli/base-command.js';
import { renderTable } from '../../output/table.js';

export class ChannelListCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Channels',
    description: 'Show the state of each account, and who may write to it.',
    details: 'People who ask to write to an account with the policy `pairing` wait for approval with a code.',
    examples: [['All of them', 'xopc channels']],
  });

  protected async run(): Promise<number> {
    const { channels, pairings } = await this.request<{ channels: ChannelDocument[]; pairings: PairingDocument[] }>({
      method: 'GET',
      path: '/api/channels',
    });
    if (this.json) await this.io.printJson({ channels, pairings });
    else await this.#print(channels, pairings);
    return 0;
  }

  async #print(channels: readonly ChannelDocument[], pairings: readonly PairingDocument[]): Promise<void> {
    const rows = channels.map(({ channel, accountId, state, message, health, messages }) => [
      channel,
      accountId,
      state,
      health.state,
      String(messages.waiting),
      health.reason ?? message ?? '',
    ]);
    const columns = ['CHANNEL', 'ACCOUNT', 'STATE', 'HEALTH', 'WAITING', ''];
    await this.io.printLine(renderTable([columns, ...rows], [...columns.slice(1).map(() => Infinity), 160]));
    if (pairings.length === 0) return;
    const people = pairings.map(({ channel, accountId, senderId, senderName, state, code }) => [
      channel,
      accountId,
      senderId,
      senderName,
      state,
      code ?? '',
    ]);
    const heading = ['CHANNEL', 'ACCOUNT', 'SENDER', 'NAME', 'STATE', 'CODE'];
    await this.io.printLine(`\n${renderTable([heading, ...people], [Infinity, Infinity, 40, 40, Infinity, Infinity])}`);
    const pending = pairings.find(({ state }) => state === 'pending');
    if (pending !== undefined)
      await this.io.note(`Approve with: ${shellCommand`xopc channels approve ${pending.channel} ${pending.code ?? 'CODE'}`}`);
    if (hasFullAccount(pairings))
      await this.io.note(
        `${MAX_PENDING_PAIRINGS} people wait: others get no code until one is approved or revoked, or an hour has passed.`,
      );
  }
}
