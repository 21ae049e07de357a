import { resolve } from 'node:path';
import { Command, Option } from 'clipanion';
import { MAX_DRAIN_TIMEOUT_MS } from '../../shared/config/defaults.js';
import type { RestoreResult } from '../../shared/control/messages.js';
import { GatewayError } from '../../shared/errors.js';
import { configInvalid } from '../../shared/node/config/config-text.js';
import { carryOutRestore, discardStaging, withRestoreLock } from '../../shared/node/files/restore-journal.js';
import { textWarning } from '../backup/check-texts.js';
import { commandFor } from '../backup/command-for.js';
import { type StagedRestore, stageRestore } from '../backup/stage-restore.js';
import { validAgainWarning } from '../backup/valid-again.js';
import { claimPaths } from '../../shared/node/process/claim-paths.js';
import { shellCommand } from '../../shared/text/shell-word.js';
import { BaseCommand } from '../cli/base-command.js';
import { callControl, hasLeft } from '../gateway/control-client.js';
import { locateDataUser, unavailableError } from '../gateway/locate-gateway.js';

/** The restore waits for the drain; the swap takes milliseconds. */
const DEADLINES = { connectMs: 2_000, firstFrameMs: 60_000, totalMs: MAX_DRAIN_TIMEOUT_MS + 100_000 };

interface Restored {
  readonly replaced: string;
  /** Undefined where no gateway runs. */
  readonly gateway?: RestoreResult;
}

interface Report extends Pick<StagedRestore, 'createdAt' | 'names' | 'problems' | 'validAgain'> {
  readonly source: string;
  readonly restored: Restored;
}

const STOP_FIRST =
  'The gateway is running and would not start again with it. Nothing was changed. Stop it first with: xopc gateway stop   Then restore again, and correct the file.';

export class RestoreCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Backup',
    description: 'Restore everything from a backup.',
    details: `
      The file is checked in full before anything changes. A running gateway finishes its work, as at a restart, and
      continues with the restored state; connections wait in the meantime. The replaced state is kept, and the command that restores it is
      printed. A backup of an older version is migrated; one of a newer version is refused. A database alone, such as a copy of
      gateway.db, is restored, too; configuration and token then stay.

      Messages that were waiting when the backup was made may have been sent since: they are marked unknown and wait
      for your decision (xopc messages --status unknown), unless --send-queued is given.
    `,
    examples: [
      ['Restore a backup', 'xopc restore xopc-backup-20261124T192403Z.tar.gz'],
      ['Only check whether it can be restored', 'xopc restore backup.tar.gz --check'],
      ['On a new machine: also send what was still waiting', 'xopc restore backup.tar.gz --send-queued'],
    ],
  });

  readonly source = Option.String({ name: 'file' });
  readonly check = Option.Boolean('--check', false, { description: 'Check the file without changing anything.' });
  readonly sendQueued = Option.Boolean('--send-queued', false, {
    description: 'Send messages that were waiting when the backup was made.',
  });

  protected async run(): Promise<number> {
    const source = resolve(this.source);
    this.io.gatewayPaths = claimPaths(this.io.gatewayPaths);
    const staged = await stageRestore({
      paths: this.io.gatewayPaths,
      database: this.context.runtime.loadDatabase(),
      runtime: this.context.runtime,
      source,
      unsettled: this.sendQueued ? 'send' : undefined,
      nowMs: Date.now(),
      onProgress: (message) => void this.io.note(message),
    });
    const { id, createdAt, names, problems, validAgain } = staged;
    if (this.check) {
      await this.#warn(staged);
      discardStaging(this.io.gatewayPaths, id);
      const text = `${source} of ${createdAt} can be restored: ${names.join(', ')}`;
      return this.printResult({ file: source, usable: true, createdAt, names, problems, validAgain }, text);
    }
    const restored = await this.#putInPlace(staged, source);
    await this.#warn(staged);
    return this.#report({ source, createdAt, names, problems, validAgain, restored });
  }

  async #warn({ problems, validAgain, createdAt }: StagedRestore): Promise<void> {
    if (this.json) return;
    const what = 'It is restored as it is, but no gateway starts with it. Correct it after the restore, then: xopc config validate';
    for (const warning of [textWarning(problems, what), validAgainWarning(validAgain, { createdAt, paths: this.io.gatewayPaths })])
      if (warning !== undefined) await this.io.note(warning, this.io.err.paint.yellow);
  }

  /** @throws the error of the restore; the staging directory is then removed unless the restore has begun */
  async #putInPlace({ id, problems }: StagedRestore, source: string): Promise<Restored> {
    try {
      const restored = await this.#withoutGateway(id);
      if (restored !== undefined) return restored;
      if (problems.length > 0) throw configInvalid(source, problems, STOP_FIRST);
      return await this.#throughGateway(id);
    } catch (error) {
      discardStaging(this.io.gatewayPaths, id);
      throw error;
    }
  }

  /**
   * A gateway that starts in the meantime checks for a restore under the same lock.
   * @returns undefined when a gateway runs
   */
  #withoutGateway(id: string): Promise<Restored | undefined> {
    return withRestoreLock(this.io.gatewayPaths, async () => {
      const location = await locateDataUser(this.io.gatewayPaths);
      if (location.kind === 'answers') return undefined;
      if (location.kind !== 'absent') throw unavailableError(location);
      return { replaced: await carryOutRestore(this.io.gatewayPaths, id) };
    });
  }

  async #throughGateway(id: string): Promise<Restored> {
    const location = await locateDataUser(this.io.gatewayPaths);
    if (location.kind !== 'answers') throw unavailableError(location);
    const onProgress = ({ message }: { message: string }): void => void this.io.note(`Restoring: ${message}`);
    try {
      const gateway = await callControl(location.controlPath, { type: 'restore', restoreId: id }, { deadlines: DEADLINES, onProgress });
      return { replaced: gateway.replaced, gateway };
    } catch (error) {
      if (!hasLeft(error)) throw error;
      throw new GatewayError('CONTROL_UNREACHABLE', {
        message: 'the gateway exited during the restore; if the restore had begun, the next start completes it',
        hint: 'Start it with: xopc gateway start',
        cause: error,
      });
    }
  }

  #report({ restored, source: file, ...state }: Report): Promise<number> {
    const { createdAt, names } = state;
    const { gateway = null, replaced } = restored;
    const undo = commandFor(this.io.gatewayPaths, shellCommand`xopc restore ${replaced}`);
    const text = [
      `State of ${createdAt} restored: ${names.join(', ')}`,
      `The previous state is kept in ${replaced}`,
      `Undo it with: ${this.io.asCalled(undo)}`,
    ].join('\n');
    const document = { restored: true, file, ...state, replaced, undo, gateway };
    return this.printResult(document, text, gateway === null ? 'No gateway runs. Start it with: xopc gateway start' : undefined);
  }
}
