import { Command } from 'clipanion';
import { BaseCommand } from '../../cli/base-command.js';
import { requireGateway } from '../../gateway/locate-gateway.js';
import { createPageLink } from '../../gateway/page-link.js';

export class OpenCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'Print a link that signs the page in once, without showing the token.',
    examples: [['Print the link', 'xopc gateway open']],
  });

  protected async run(): Promise<number> {
    const { status } = await requireGateway(this.io.gatewayPaths);
    const pageUrl = status.urls[0] ?? `http://localhost:${status.port}`;
    if (!this.json && !this.io.out.isTerminal) {
      // What is not a terminal may be a journal or a log, which others read.
      await this.io.printLine(pageUrl);
      await this.io.note('A link that signs in is printed to a terminal only; a program gets one with --json.');
      return 0;
    }
    const link = await createPageLink(await this.connect(), pageUrl);
    const url = link?.url ?? pageUrl;
    if (this.json) await this.io.printJson({ url, expiresAt: link?.expiresAt ?? null });
    else await this.io.printLine(url);
    if (link === undefined && status.auth.enabled)
      await this.io.note('The page asks for the token; show it with: xopc gateway token --show');
    return 0;
  }
}
