import { BaseCommand } from '../cli/base-command.js';
import { manPage } from '../cli/help/man-page.js';

/** Called by the build, not by users: prints the manual page xopc(1). */
export class ManCommand extends BaseCommand {
  protected async run(): Promise<number> {
    await this.io.out.write(await manPage(this.context.commands, this.context.runtime.version()));
    return 0;
  }
}
