import { Command, Option } from 'clipanion';
import { BaseCommand } from '../../cli/base-command.js';
import { chooseManager } from '../../service/manager/choose-manager.js';
import { withDifference } from '../../service/files/file-changes.js';
import { previewUninstall, uninstall, type Uninstallation } from '../../service/uninstall-service.js';

export class UninstallCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Service',
    description: 'Stop the service and remove it.',
    details: `
      Removes only what install created: configuration, messages, token and service.env are kept. A manually started gateway continues. Removing a service that is not installed succeeds.
    `,
    examples: [
      ['Remove the service', 'xopc gateway uninstall'],
      ['Show what would be removed', 'xopc gateway uninstall --dry-run'],
    ],
  });

  readonly dryRun = Option.Boolean('--dry-run', false, { description: 'Show what would be removed without changing anything.' });
  readonly force = Option.Boolean('-f,--force', false, { description: 'Remove hand-edited files too.' });

  protected async run(): Promise<number> {
    const paths = this.io.gatewayPaths;
    const manager = chooseManager(paths);
    const uninstallation: Uninstallation = { paths, manager, force: this.force, note: (text) => this.io.note(text) };
    const preview = await withDifference(previewUninstall(uninstallation), 'what install wrote', uninstallation.note);
    if (!preview.isInstalled) return this.#report(false, [], 'The gateway is not installed as a service.');
    if (this.dryRun)
      return this.#report(
        false,
        preview.paths,
        `Would be stopped, disabled and removed:\n${preview.paths.map((path) => `  ${path}`).join('\n')}`,
      );
    await uninstall(uninstallation, preview);
    return this.#report(true, preview.paths, 'Gateway service stopped and removed.');
  }

  async #report(hasRemoved: boolean, paths: readonly string[], text: string): Promise<number> {
    const document = { uninstalled: hasRemoved, dryRun: this.dryRun, paths };
    if (this.json || hasRemoved || this.dryRun) return this.printResult(document, text);
    await this.io.note(text);
    return 0;
  }
}
