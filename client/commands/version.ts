import { Command } from 'clipanion';
import { BaseCommand } from '../cli/base-command.js';

export class VersionCommand extends BaseCommand {
  static override readonly paths = [['version'], ['--version'], ['-V'], ['-v']];
  static override readonly usage = Command.Usage({
    category: 'More',
    description: 'Print the version.',
    examples: [['The version', 'xopc --version']],
  });

  protected async run(): Promise<number> {
    const version = this.context.runtime.version();
    if (this.json) await this.printJson({ version });
    else await this.printLine(version);
    return 0;
  }
}
