import { Command } from 'clipanion';
import { BaseCommand } from '../../cli/base-command.js';
import { renderTable } from '../../output/table.js';

interface Account {
  readonly channel: string;
  readonly accountId: string;
  readonly state: string;
  readonly message: string | null;
}

export interface Pairing {
  readonly channel: string;
  readonly accountId: string;
  readonly senderId: string;
  readonly senderName: string;
  readonly state: string;
  readonly code: string | null;
}

interface ChannelsAnswer {
  readonly channels: readonly Account[];
  readonly pairings: readonly Pairing[];
}

export class ChannelListCommand extends BaseCommand {
  static override readonly paths = [['channels'], ['channels', 'list']];
  static override readonly usage = Command.Usage({
    category: 'Channels',
    description: 'Show how each account of a channel is, and who may write to it.',
    details: 'Who has asked to write to an account with the policy `pairing` waits for approval with a code.',
    examples: [['All of them', 'xopc channels']],
  });

  protected async run(): Promise<number> {
    const api = await this.connect();
    const { channels, pairings } = await api.call<ChannelsAnswer>({ method: 'GET', path: '/api/channels' });
    if (this.json) await this.printJson({ channels, pairings });
    else await this.#print(channels, pairings);
    return 0;
  }

  async #print(channels: readonly Account[], pairings: readonly Pairing[]): Promise<void> {
    const rows = channels.map(({ channel, accountId, state, message }) => [channel, accountId, state, message ?? '']);
    await this.printLine(renderTable([['CHANNEL', 'ACCOUNT', 'STATE', ''], ...rows], [Infinity, Infinity, Infinity, 120]));
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
    await this.printLine(`\n${renderTable([heading, ...people], [Infinity, Infinity, 40, 40, Infinity, Infinity])}`);
    const pending = pairings.find(({ state }) => state === 'pending');
    if (pending !== undefined) await this.note(`Let somebody in with: xopc channels approve ${pending.channel} ${pending.code ?? 'CODE'}`);
  }
}
