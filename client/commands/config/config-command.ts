/** What the config commands share. */
import { ensurePrivateDirectory } from '../../../shared/node/files/atomic-file.js';
import { claimPaths } from '../../../shared/node/process/claim-paths.js';
import { loadConfigFile } from '../../../shared/node/config/config-file.js';
import { configInvalid } from '../../../shared/node/config/config-text.js';
import type { ConfigDocument } from '../../../shared/config/document.js';
import type { ConfigView } from '../../../shared/api/gateway/config.js';
import type { StatusWarning } from '../../../shared/control/messages.js';
import { BaseCommand } from '../../cli/base-command.js';
import { locateGateway } from '../../gateway/locate-gateway.js';
import { poll } from '../../gateway/poll.js';

/** How long a running gateway may take to apply a changed file. */
export const APPLY = { limitMs: 5_000, pause: 50 };

/** What a change of the file is seen to affect. */
type AppliedTo = 'running gateway' | 'next start' | 'not yet';

const OUTCOMES: Readonly<Record<AppliedTo, string>> = {
  'running gateway': '; the running gateway has applied it',
  'next start': '',
  'not yet': '; the running gateway has not applied it yet (see: xopc gateway status)',
};

export abstract class ConfigCommand extends BaseCommand {
  /** Returns the file's content. @throws CONFIG_INVALID when it cannot be read */
  protected loadReadable(): ConfigDocument {
    const document = loadConfigFile({ path: this.io.gatewayPaths.configPath });
    if (document.problems.length > 0) throw configInvalid(document.file, document.problems);
    return document;
  }

  /** Directories for the lock and the copy for undo, before the first gateway has made them. */
  protected prepareDirectories(): void {
    this.io.gatewayPaths = claimPaths(this.io.gatewayPaths);
    ensurePrivateDirectory(this.io.gatewayPaths.lockDir);
  }

  /** Waits until a running gateway has what the file says. @returns also why it does not listen where the file says */
  async #awaitApplied(): Promise<{ appliedTo: AppliedTo; unmoved?: StatusWarning | undefined }> {
    if ((await locateGateway(this.io.gatewayPaths)).kind !== 'answers') return { appliedTo: 'next start' };
    const isApplied = await poll(async () => ((await this.#isInForce()) ? true : undefined), APPLY);
    const location = await locateGateway(this.io.gatewayPaths);
    const { warnings } = location.kind === 'answers' ? location.status : { warnings: [] };
    const unmoved = warnings.find(({ code }) => code === 'ADDRESS_UNCHANGED');
    return { appliedTo: isApplied === true && unmoved === undefined ? 'running gateway' : 'not yet', unmoved };
  }

  /** Prints what was done, and to what it applies; `done` is a sentence without its full stop. */
  protected async reportApplied(document: object, done: string): Promise<void> {
    const { appliedTo, unmoved } = await this.#awaitApplied();
    if (this.json) return this.io.printJson({ ...document, appliedTo });
    await this.io.note(`${done}${OUTCOMES[appliedTo]}.`);
    if (unmoved !== undefined) await this.io.note([unmoved.message, ...(unmoved.hint === undefined ? [] : [unmoved.hint])].join('\n  '));
  }

  /** A gateway that changes its address or its token does not answer at times. */
  async #isInForce(): Promise<boolean> {
    const answered = this.request<ConfigView>({ method: 'GET', path: '/api/config' });
    return answered.then(
      ({ inForce }) => inForce,
      () => false,
    );
  }

  /** Prints a single value verbatim, anything else as JSON. */
  protected async printValue(value: unknown): Promise<void> {
    if (typeof value === 'string' && !this.json) await this.io.printLine(value);
    else await this.io.printJson(value ?? null);
  }
}
