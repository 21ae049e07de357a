import { Command } from 'clipanion';
import { BaseCommand } from '../../cli/base-command.js';
import { requireGateway } from '../../gateway/locate-gateway.js';
import { createPageLink, printLink } from '../../gateway/page-link.js';

export class OpenCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'Print a link that signs the page in once, without showing the token.',
    examples: [['Print the link', 'xopc gateway open']],
  });

  protected async run(): Promise<number> {
    const { status } = await requireGateway(this.io.gatewayPaths);
    const pageUrl = status.urls[0] ?? `http://localhost:${status.port}`;
    // The link is only created if it will be printed.
    const link = this.json || this.io.out.isTerminal ? await createPageLink(await this.connect(), pageUrl) : undefined;
    await printLink(this.io, { pageUrl, url: link?.url ?? pageUrl, expiresAt: link?.expiresAt ?? null });
    return 0;
  }
}
