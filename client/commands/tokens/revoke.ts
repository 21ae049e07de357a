import { Command, Option } from 'clipanion';
import type { TokenDocument } from '../../../shared/api/gateway/tokens.js';
import { BaseCommand } from '../../cli/base-command.js';

export class TokenRevokeCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Access tokens',
    description: 'Revoke an access token, and end its streams and sockets.',
    details: 'It cannot be undone: a new token has another secret.',
    examples: [['By its name', 'xopc token revoke grafana']],
  });

  readonly name = Option.String({ name: 'name' });

  protected async run(): Promise<number> {
    const path = `/api/tokens/${encodeURIComponent(this.name)}`;
    const { token } = await this.request<{ token: TokenDocument }>({ method: 'DELETE', path });
    return this.printResult({ token, revoked: true }, `${token.name} revoked`);
  }
}
