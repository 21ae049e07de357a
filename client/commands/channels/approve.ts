import { Command, Option } from 'clipanion';
import type { PairingDocument, PairingRevokeResponse } from '../../../shared/api/channels.js';
import { definedFields } from '../../../shared/fields.js';
import { BaseCommand } from '../../cli/base-command.js';

export class ChannelApproveCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Channels',
    description: 'Allow a person to write to an agent through a channel.',
    details: 'The channel sends the code to that person. It is valid for one hour.',
    examples: [['A person who wrote to the Telegram bot', 'xopc channels approve telegram ABCD2345']],
  });

  readonly channel = Option.String({ name: 'channel' });
  readonly code = Option.String({ name: 'code' });

  protected async run(): Promise<number> {
    const path = `/api/channels/${encodeURIComponent(this.channel)}/approve`;
    const { pairing } = await this.request<{ pairing: PairingDocument }>({ method: 'POST', path, body: { code: this.code } });
    return this.printResult(pairing, `${pairing.senderName} (${pairing.senderId}) can now write to ${pairing.channel}`);
  }
}

export class ChannelRevokeCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Channels',
    description: 'Withdraw the access of a person, or reject a request for it.',
    details: 'People whom `allowFrom` or the policy `open` admits need no approval; to remove them, edit the configuration.',
    examples: [['By the id that `xopc channels` shows', 'xopc channels revoke telegram 42']],
  });

  readonly channel = Option.String({ name: 'channel' });
  readonly sender = Option.String({ name: 'sender' });
  readonly account = Option.String('--account', { description: 'Account of the channel; default: its only one, or `default`.' });

  protected async run(): Promise<number> {
    const { account, sender } = this;
    const body = { senderId: sender, ...definedFields({ accountId: account }) };
    const path = `/api/channels/${encodeURIComponent(this.channel)}/revoke`;
    const { warning } = await this.request<PairingRevokeResponse>({ method: 'POST', path, body });
    const document = { senderId: sender, revoked: true, ...definedFields({ warning }) };
    return this.printResult(document, `${sender} is no longer approved in ${this.channel}`, warning);
  }
}
