/** Shared parts of the config commands. */
import { ensurePrivateDirectory } from '../../../shared/node/files/atomic-file.js';
import { claimPaths } from '../../../shared/node/process/claim-paths.js';
import { loadConfigFile } from '../../../shared/node/config/config-file.js';
import { configInvalid } from '../../../shared/node/config/config-text.js';
import { parseAddressList } from '../../../shared/node/ip-address.js';
import type { ConfigDocument } from '../../../shared/config/document.js';
import { parseKey, valueAt } from '../../../shared/config/key-path.js';
import type { ConfigView } from '../../../shared/api/gateway/config.js';
import type { StatusWarning } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import { BaseCommand } from '../../cli/base-command.js';
import { locateGateway } from '../../gateway/locate-gateway.js';
import { poll } from '../../gateway/poll.js';

/** Maximum time for a running gateway to apply a changed file. */
export const APPLY = { limitMs: 5_000, pause: 50 };

/** The observed effect of a change to the file. `overridden`: an option or a variable gives the running gateway another value. */
type AppliedTo = 'running gateway' | 'next start' | 'not yet' | 'overridden' | 'unknown';

interface Applied {
  readonly appliedTo: AppliedTo;
  /** The second half of the sentence that reports the change. */
  readonly outcome: string;
  /** A further note for the user. */
  readonly notice?: Pick<StatusWarning, 'message' | 'hint'>;
}

const OUTCOMES = {
  'running gateway': '; the running gateway has applied it',
  'next start': '',
  'not yet': '; the running gateway has not applied it yet (see: xopc gateway status)',
  unknown: '; could not check whether the running gateway has applied it: this shell does not have its token (set XOPC_GATEWAY_TOKEN)',
} as const;

/** Matches the message of a refusal by `gateway.allowedIps`. */
const REFUSED_ADDRESS = /^The address (\S+) is not allowed/;

function seen(appliedTo: keyof typeof OUTCOMES): Applied {
  return { appliedTo, outcome: OUTCOMES[appliedTo] };
}

export abstract class ConfigCommand extends BaseCommand {
  /** Returns the file's content. @throws CONFIG_INVALID when it cannot be read */
  protected loadReadable(): ConfigDocument {
    const document = loadConfigFile({ path: this.io.gatewayPaths.configPath });
    if (document.problems.length > 0) throw configInvalid(document.file, document.problems);
    return document;
  }

  /** Creates the directories for the lock and the undo copy, in case no gateway has created them yet. */
  protected prepareDirectories(): void {
    this.io.gatewayPaths = claimPaths(this.io.gatewayPaths);
    ensurePrivateDirectory(this.io.gatewayPaths.lockDir);
  }

  /** Waits until a running gateway has applied the file. */
  async #awaitApplied(): Promise<Applied> {
    if ((await locateGateway(this.io.gatewayPaths)).kind !== 'answers') return seen('next start');
    const applied = (await poll(() => this.#look(), APPLY)) ?? seen('not yet');
    const location = await locateGateway(this.io.gatewayPaths);
    const { warnings } = location.kind === 'answers' ? location.status : { warnings: [] };
    const unmoved = warnings.find(({ code }) => code === 'ADDRESS_UNCHANGED');
    if (unmoved === undefined) return applied;
    return { ...(applied.appliedTo === 'running gateway' ? seen('not yet') : applied), notice: unmoved };
  }

  /** Prints what was changed and what the change affects; `done` is a sentence without its full stop. */
  protected async reportApplied(document: object, done: string): Promise<void> {
    const { appliedTo, outcome, notice } = await this.#awaitApplied();
    if (this.json) return this.io.printJson({ ...document, appliedTo });
    await this.io.note(`${done}${outcome}.`);
    if (notice !== undefined) await this.io.note([notice.message, ...(notice.hint === undefined ? [] : [notice.hint])].join('\n  '));
  }

  /** @returns undefined while the gateway has not applied the file */
  async #look(): Promise<Applied | undefined> {
    try {
      const { inForce, pinned } = await this.request<ConfigView>({ method: 'GET', path: '/api/config' });
      if (!inForce) return undefined;
      const overridden = Object.entries(pinned).filter(([key]) => this.#hasChanged(key));
      if (overridden.length === 0) return seen('running gateway');
      const list = overridden.map(([key, by]) => `${by} overrides ${key}`).join(' and ');
      return { appliedTo: 'overridden', outcome: `; in the running gateway, ${list}` };
    } catch (error) {
      // A gateway may briefly not answer while it changes its address or token.
      const refused = error instanceof GatewayError && error.code === 'FORBIDDEN' ? REFUSED_ADDRESS.exec(error.message)?.[1] : undefined;
      if (refused !== undefined) return this.#ofRefusal(refused);
      const isRefused = error instanceof GatewayError && error.code === 'UNAUTHORIZED';
      return isRefused && !this.#hasChanged('gateway.auth.api_key') ? seen('unknown') : undefined;
    }
  }

  /** @returns undefined if the file allows the address, which the gateway is then about to do as well */
  #ofRefusal(address: string): Applied | undefined {
    const key = 'gateway.allowedIps';
    if (!this.#hasChanged(key))
      return { appliedTo: 'unknown', outcome: `; could not check whether it is applied: ${key} refuses ${address}` };
    const allowed = valueAt(loadConfigFile({ path: this.io.gatewayPaths.configPath }).value, parseKey(key));
    const list = parseAddressList(Array.isArray(allowed) ? allowed.map(String) : []);
    if (list.isEmpty || list.has(address)) return undefined;
    const message = `It refuses ${address} now, so commands on this machine cannot use its API.`;
    return { ...seen('running gateway'), notice: { message, hint: 'Undo the change with: xopc config undo' } };
  }

  /** Whether the last change of the file has changed a key. */
  #hasChanged(key: string): boolean {
    const { configPath, undoConfigPath } = this.io.gatewayPaths;
    const [now, before] = [configPath, undoConfigPath].map((path) => valueAt(loadConfigFile({ path }).raw, parseKey(key)));
    return JSON.stringify(now) !== JSON.stringify(before);
  }

  /** Prints a string unchanged, anything else as JSON. */
  protected async printValue(value: unknown): Promise<void> {
    if (typeof value === 'string' && !this.json) await this.printForeign(value);
    else await this.io.printJson(value ?? null);
  }
}
