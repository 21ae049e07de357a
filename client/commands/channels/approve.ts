import { Command, Option } from 'clipanion';
import type { PairingDocument } from '../../../shared/api/channels.js';
import { BaseCommand } from '../../cli/base-command.js';

export class ChannelApproveCommand extends BaseCommand {
  static override readonly paths = [['channels', 'approve']];
  static override readonly usage = Command.Usage({
    category: 'Channels',
    description: 'Allow a person to write to an agent through a channel.',
    details: 'The channel sends the code to that person. It is valid for one hour.',
    examples: [['A person who wrote to the Telegram bot', 'xopc channels approve telegram ABCD2345']],
  });

  readonly channel = Option.String({ name: 'channel' });
  readonly code = Option.String({ name: 'code' });

  protected async run(): Promise<number> {
    const api = await this.connect();
    const path = `/api/channels/${encodeURIComponent(this.channel)}/approve`;
    const { pairing } = await api.call<{ pairing: PairingDocument }>({ method: 'POST', path, body: { code: this.code } });
    if (this.json) await this.printJson(pairing);
    else await this.printLine(`${pairing.senderName} (${pairing.senderId}) may write to ${pairing.channel} now`.replace(/\p{Cc}/gu, ' '));
    return 0;
  }
}

export class ChannelRevokeCommand extends BaseCommand {
  static override readonly paths = [['channels', 'revoke']];
  static override readonly usage = Command.Usage({
    category: 'Channels',
    description: 'Withdraw the access of a person, or reject a request for it.',
    details: 'People listed in `allowFrom` of the configuration are not affected.',
    examples: [['By the id that `xopc channels` shows', 'xopc channels revoke telegram 42']],
  });

  readonly channel = Option.String({ name: 'channel' });
  readonly sender = Option.String({ name: 'sender' });
  readonly account = Option.String('--account', { description: 'Account of the channel; default: its only one, or `default`.' });

  protected async run(): Promise<number> {
    const api = await this.connect();
    const { account, sender } = this;
    const body = { senderId: sender, ...(account === undefined ? {} : { accountId: account }) };
    await api.call({ method: 'POST', path: `/api/channels/${encodeURIComponent(this.channel)}/revoke`, body });
    if (this.json) await this.printJson({ senderId: sender, revoked: true });
    else await this.printLine(`${sender} may not write to ${this.channel} any more`.replace(/\p{Cc}/gu, ' '));
    return 0;
  }
}
