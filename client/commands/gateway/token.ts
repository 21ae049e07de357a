import { Command, Option } from 'clipanion';
import type { StatusDocument } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import { ensurePrivateDirectory } from '../../../shared/node/files/atomic-file.js';
import { claimPaths } from '../../../shared/node/process/claim-paths.js';
import { maskToken } from '../../../shared/config/secrets.js';
import { loadOrCreateToken, rotateToken } from '../../../shared/node/secrets/token-file.js';
import { BaseCommand } from '../../cli/base-command.js';
import { callControl, RESTART_DEADLINES } from '../../gateway/control-client.js';
import { readKnownToken, type KnownToken } from '../../gateway/gateway-settings.js';
import { locateGateway } from '../../gateway/locate-gateway.js';

const SOURCES: Readonly<Record<KnownToken['source'], string>> = {
  env: 'XOPC_GATEWAY_TOKEN',
  config: 'gateway.auth.api_key',
  generated: 'generated',
};

export class TokenCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'Show or replace the token.',
    details: `
      The token is shown masked; --show prints all of it and nothing else. --rotate generates a new one, which a running gateway uses at once; the old one stops working.
    `,
    examples: [
      ['Masked', 'xopc gateway token'],
      ['In full, e.g. for another machine', 'xopc gateway token --show'],
      ['Replace it', 'xopc gateway token --rotate'],
    ],
  });

  readonly show = Option.Boolean('--show', false, { description: 'Print the whole token.' });
  readonly rotate = Option.Boolean('--rotate', false, { description: 'Replace the generated token.' });

  protected async run(): Promise<number> {
    const known = this.rotate ? await this.#rotate() : this.#load();
    const shown = this.show ? known.token : maskToken(known.token);
    if (this.json) await this.io.printJson({ token: shown, source: known.source, rotated: this.rotate });
    else await this.io.printLine(shown);
    await this.#noteDifference(known);
    return 0;
  }

  #load(): KnownToken {
    const known = readKnownToken(this.io.gatewayPaths, this.io.environment);
    if (known !== undefined) return known;
    this.#prepareDirectory();
    return { token: loadOrCreateToken(this.io.gatewayPaths.tokenPath), source: 'generated' };
  }

  #prepareDirectory(): void {
    this.io.gatewayPaths = claimPaths(this.io.gatewayPaths);
    ensurePrivateDirectory(this.io.gatewayPaths.credentialsDir);
  }

  async #rotate(): Promise<KnownToken> {
    this.#prepareDirectory();
    const known = this.#load();
    if (known.source !== 'generated') {
      throw new GatewayError('CONFLICT', {
        message: `the token comes from ${SOURCES[known.source]}, which overrides the generated one`,
        hint:
          known.source === 'env'
            ? 'Change it where the variable is set, then: xopc gateway restart'
            : 'Change it with: xopc config set gateway.auth.api_key -',
      });
    }
    // A gateway that got its token at start does not read the file.
    const running = await locateGateway(this.io.gatewayPaths);
    const isFollowing = running.kind === 'answers' && !this.#hasOther(running.status, known.token);
    const token = await rotateToken(this.io.gatewayPaths.tokenPath);
    if (isFollowing) await this.#applyToRunning(running.controlPath);
    return { token, source: 'generated' };
  }

  async #applyToRunning(controlPath: string): Promise<void> {
    await callControl(controlPath, { type: 'restart' }, { deadlines: RESTART_DEADLINES });
    await this.io.note('The running gateway uses the new token now.');
  }

  #hasOther({ auth }: StatusDocument, token: string): boolean {
    return auth.tokenHint !== null && auth.tokenHint !== maskToken(token);
  }

  /** The token of a gateway started with --token, or in a different environment, is in no file. */
  async #noteDifference(known: KnownToken): Promise<void> {
    const location = await locateGateway(this.io.gatewayPaths);
    if (location.kind !== 'answers' || !this.#hasOther(location.status, known.token)) return;
    const why = 'it was started with --token or XOPC_GATEWAY_TOKEN, or before the token changed';
    await this.io.note(`The running gateway uses another token (${location.status.auth.tokenHint}): ${why}.`);
    if (this.rotate) await this.io.note('The new token applies once the gateway is restarted without it.');
  }
}
