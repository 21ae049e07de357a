import { Command, Option } from 'clipanion';
import type { OwnToken } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import { definedFields } from '../../../shared/fields.js';
import { ensurePrivateDirectory } from '../../../shared/node/files/atomic-file.js';
import { claimPaths } from '../../../shared/node/process/claim-paths.js';
import { maskToken } from '../../../shared/config/secrets.js';
import { loadOrCreateToken, readToken, rotateToken } from '../../../shared/node/secrets/token-file.js';
import { BaseCommand } from '../../cli/base-command.js';
import { callControl, RESTART_DEADLINES } from '../../gateway/control-client.js';
import { askToken, findToken, readGivenToken } from '../../gateway/gateway-settings.js';
import { type AnsweringGateway, type GatewayLocation, locateGateway } from '../../gateway/locate-gateway.js';
import { awaitStarting } from '../../gateway/wait-ready.js';

const SOURCES = { env: 'XOPC_GATEWAY_TOKEN or --token', config: 'gateway.auth.api_key' } as const;

function setElsewhere(source: 'env' | 'config'): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `the token comes from ${SOURCES[source]}, which overrides the generated one`,
    hint:
      source === 'env'
        ? 'Change it where it is set, then stop the gateway and start it again.'
        : 'Change it with: xopc config set gateway.auth.api_key -',
  });
}

/** @param error  the gateway's answer to the restart */
function notApplied(error: GatewayError): GatewayError {
  const { code, message, details } = error;
  return new GatewayError(code, {
    message: `the new token is stored, but the running gateway still uses the old one: ${message}`,
    ...definedFields({ details }),
    hint: 'Correct that, then restart it with: xopc gateway restart',
    cause: error,
  });
}

function stillUsed(): GatewayError {
  return new GatewayError('CONFLICT', {
    message: 'the new token is stored, but the running gateway does not use it: the old one may still work',
    hint: 'Restart it with: xopc gateway restart',
  });
}

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
    const { token, source } = this.rotate ? await this.#rotate() : await this.#load();
    const shown = this.show ? token : maskToken(token);
    if (this.json) await this.io.printJson({ token: shown, source, rotated: this.rotate });
    else await this.io.printLine(shown);
    return 0;
  }

  async #load(): Promise<OwnToken> {
    const { gatewayPaths: paths, environment } = this.io;
    const known = await findToken(await locateGateway(paths), paths, environment);
    if (known !== undefined) return known;
    this.#prepareDirectory();
    const { tokenPath } = this.io.gatewayPaths;
    let isReplaced = false;
    const token = loadOrCreateToken(tokenPath, () => (isReplaced = true));
    if (isReplaced) await this.io.note(`${tokenPath} was empty; this is a new token.`);
    return { token, source: 'generated' };
  }

  #prepareDirectory(): void {
    this.io.gatewayPaths = claimPaths(this.io.gatewayPaths);
    ensurePrivateDirectory(this.io.gatewayPaths.credentialsDir);
  }

  async #rotate(): Promise<OwnToken> {
    this.#prepareDirectory();
    const { gatewayPaths: paths, environment } = this.io;
    const location = await awaitStarting(paths, await locateGateway(paths));
    // Does not read the file, because the file may be what has to be replaced.
    const known = (await askToken(location)) ?? readGivenToken(paths, environment);
    if (known !== undefined && known.source !== 'generated') throw setElsewhere(known.source);
    const token = await rotateToken(paths.tokenPath);
    return (await this.#applyToRunning(location)) ?? { token, source: 'generated' };
  }

  /** @returns the stored token if the gateway uses it now: another --rotate may have replaced the one that this command stored */
  async #applyToRunning(gateway: GatewayLocation): Promise<OwnToken | undefined> {
    let location = gateway;
    // The first restart may join one whose worker has already read the old token.
    for (let restarts = 0; restarts < 2 && location.kind === 'answers'; restarts += 1) {
      location = await this.#restart(location);
      const inForce = await askToken(location);
      if (inForce !== null && inForce.token === readToken(this.io.gatewayPaths.tokenPath)) {
        await this.io.note('The running gateway uses the new token now.');
        return inForce;
      }
      if (inForce !== null && inForce.source !== 'generated') {
        await this.io.note(`The new token is stored, but the running gateway uses the one from ${SOURCES[inForce.source]}.`);
        return undefined;
      }
    }
    // A stopped gateway uses the new token at its next start; one that does not answer may serve on with the old one.
    if (location.kind !== 'absent') throw stillUsed();
    return undefined;
  }

  async #restart({ controlPath, status }: AnsweringGateway): Promise<GatewayLocation> {
    const { succession } = await callControl(controlPath, { type: 'restart' }, { deadlines: RESTART_DEADLINES }).catch((error: unknown) => {
      // One that cannot be reached any more may be gone, or still restart.
      throw error instanceof GatewayError && error.code !== 'CONTROL_UNREACHABLE' ? notApplied(error) : error;
    });
    // That gateway leaves, and its service manager starts the next one.
    if (succession === 'service-manager')
      await this.context.runtime.loadTools().awaitServiceManager(this.io.gatewayPaths, status.instanceId);
    return locateGateway(this.io.gatewayPaths);
  }
}
