/** Shared parts of the config commands. */
import { ensurePrivateDirectory } from '../../../shared/node/files/atomic-file.js';
import { claimPaths } from '../../../shared/node/process/claim-paths.js';
import { loadConfigFile, readConfigText } from '../../../shared/node/config/config-file.js';
import { configInvalid } from '../../../shared/node/config/config-text.js';
import { parseAddressList } from '../../../shared/node/ip-address.js';
import type { ConfigDocument } from '../../../shared/config/document.js';
import { parseKey, valueAt } from '../../../shared/config/key-path.js';
import type { ConfigView } from '../../../shared/api/gateway/config.js';
import type { StatusWarning } from '../../../shared/api/gateway/status.js';
import { ERRORS, formatProblem, GatewayError } from '../../../shared/errors.js';
import { definedFields } from '../../../shared/fields.js';
import { BaseCommand } from '../../cli/base-command.js';
import { locateGateway } from '../../gateway/locate-gateway.js';
import { poll } from '../../gateway/poll.js';
import { newWarnings } from './config-values.js';

/** Maximum time for a running gateway to apply a changed file. */
export const APPLY = { limitMs: 5_000, pause: 50 };

/**
 * The observed effect of a change to the file. `overridden`: an option or a variable gives the running gateway another value.
 * `rejected`: the gateway cannot use the file, for example because its environment differs.
 */
type AppliedTo = 'running gateway' | 'next start' | 'next restart' | 'not yet' | 'rejected' | 'overridden' | 'unknown';

interface Applied {
  readonly appliedTo: AppliedTo;
  /** The second half of the sentence that reports the change. */
  readonly outcome: string;
  /** Warnings about the change, for the user. */
  readonly warnings?: readonly StatusWarning[];
}

const OUTCOMES = {
  'running gateway': '; the running gateway has applied it',
  'next start': '',
  'next restart': '; it takes effect at the next restart',
  rejected: '; the running gateway has rejected it and continues without it',
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
    const before = await locateGateway(this.io.gatewayPaths);
    if (before.kind === 'absent') return seen('next start');
    if (before.kind !== 'answers') return seen('not yet');
    const applied = (await poll(() => this.#look(), APPLY)) ?? seen('not yet');
    const location = await locateGateway(this.io.gatewayPaths);
    return this.#judge(applied, location.kind === 'answers' ? location.status.warnings : []);
  }

  /** @param warnings  of the running gateway */
  #judge(applied: Applied, warnings: readonly StatusWarning[]): Applied {
    const { appliedTo } = applied;
    const find = (code: string): StatusWarning | undefined => warnings.find((warning) => warning.code === code);
    const invalid = find('CONFIG_INVALID');
    if (appliedTo === 'not yet' && invalid !== undefined) return { ...seen('rejected'), warnings: [invalid] };
    const [unmoved, moved] = [find('ADDRESS_UNCHANGED'), find('STORE_MOVED')];
    if (unmoved !== undefined) return { ...(appliedTo === 'running gateway' ? seen('not yet') : applied), warnings: [unmoved] };
    if (appliedTo === 'running gateway' && moved !== undefined && this.#hasChanged('store'))
      return { ...seen('next restart'), warnings: [moved] };
    const incomplete = warnings.filter((warning) => warning.code === 'CONFIG_INCOMPLETE' && this.#isOfChange(warning));
    return { ...applied, warnings: [...(applied.warnings ?? []), ...incomplete] };
  }

  /** Whether a warning is about a variable that the change added. */
  #isOfChange({ message }: StatusWarning): boolean {
    const [, variable] = /refers to (\$\{\w+\}), which is not set/.exec(message) ?? [];
    if (variable === undefined) return false;
    const { configPath, undoConfigPath } = this.io.gatewayPaths;
    const [now = 0, before = 0] = [configPath, undoConfigPath].map((path) => (readConfigText(path) ?? '').split(variable).length);
    return now > before;
  }

  /**
   * Prints what was changed and what the change affects. @param done  a sentence without its full stop @returns the exit code
   */
  protected async reportApplied(document: object, done: string): Promise<number> {
    const own = newWarnings(this.io.gatewayPaths).map((problem) => ({ code: 'CONFIG_INCOMPLETE', message: formatProblem(problem) }));
    if (!this.json) for (const { message } of own) await this.io.note(`Warning: ${message}`, this.io.err.paint.yellow);
    const { appliedTo, outcome, warnings: found = [] } = await this.#awaitApplied();
    const others = found.filter(({ message }) => !own.some((warning) => warning.message === message));
    if (this.json) {
      const warnings = [...own, ...others.map(({ code, message, hint }) => ({ code, message, ...definedFields({ hint }) }))];
      await this.io.printJson({ ...document, appliedTo, ...(warnings.length === 0 ? {} : { warnings }) });
    } else {
      await this.io.note(`${done}${outcome}.`);
      for (const { message, hint } of others) await this.io.note([message, ...(hint === undefined ? [] : [hint])].join('\n  '));
    }
    return appliedTo === 'rejected' ? ERRORS.CONFIG_INVALID.exitCode : 0;
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
    const warning = { code: 'LOOPBACK_REFUSED', message, hint: 'Undo the change with: xopc config undo' };
    return { ...seen('running gateway'), warnings: [warning] };
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
