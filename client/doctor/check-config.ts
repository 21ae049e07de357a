/** Checks the configuration and models.json as a worker does, and from where the gateway can be reached. */
import { isPrefix, type KeyPath, parseKey } from '../../shared/config/key-path.js';
import type { Config } from '../../shared/config/schema.js';
import { validateConfig, validateModels } from '../../shared/config/validate.js';
import { formatProblem, GatewayError, type Problem } from '../../shared/errors.js';
import { loadConfigFile } from '../../shared/node/config/config-file.js';
import { isLoopback } from '../../shared/node/ip-address.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { configProblems } from '../commands/config/config-values.js';
import { fail, type Finding, ok, reasonOf, warn } from './finding.js';

/** Number of problems to list. */
const MAX_LISTED = 5;

interface Checked<T> {
  readonly finding: Finding;
  /** undefined if the configuration is invalid by itself. */
  readonly value: T | undefined;
}

function list(problems: readonly Problem[]): string {
  const more = problems.length > MAX_LISTED ? [`and ${problems.length - MAX_LISTED} more`] : [];
  return [...problems.slice(0, MAX_LISTED).map(formatProblem), ...more].join('; ');
}

function check<T>(
  id: string,
  path: string,
  validate: (document: ReturnType<typeof loadConfigFile>) => {
    value: T | undefined;
    problems: readonly Problem[];
    warnings: readonly Problem[];
  },
): Checked<T> {
  try {
    const document = loadConfigFile({ path });
    const { value, problems, warnings } = validate(document);
    if (problems.length > 0) return { value, finding: fail(id, list(problems), { fix: `Correct it, then: xopc config validate` }) };
    const isUnset = warnings.every(({ code = '' }) => code.startsWith('unset-'));
    const fix = isUnset
      ? 'Set the variable where the gateway is started; this shell does not have it'
      : 'Correct it, then: xopc config validate';
    if (warnings.length > 0) return { value, finding: warn(id, list(warnings), { fix }) };
    return { value, finding: ok(id, document.exists ? `${path} is valid` : `${path} does not exist; defaults apply`) };
  } catch (error) {
    const hint = error instanceof GatewayError ? error.hint : undefined;
    return { value: undefined, finding: fail(id, reasonOf(error), { fix: hint }) };
  }
}

interface CheckedConfig extends Checked<Config> {
  /** Whether a value refers to a variable that is not set in this shell; the gateway may have it. */
  readonly isUnknown: (key: string) => boolean;
}

export function checkConfig(paths: GatewayPaths): CheckedConfig {
  let unset: readonly KeyPath[] = [];
  const checked = check('config', paths.configPath, (document) => {
    unset = document.unresolved.map(({ path }) => path);
    return { ...validateConfig(document, 'unknown'), problems: configProblems(document, paths.modelsPath) };
  });
  return { ...checked, isUnknown: (key) => unset.some((path) => isPrefix(parseKey(key), path)) };
}

export function checkModels(paths: GatewayPaths): Finding {
  return check('models', paths.modelsPath, validateModels).finding;
}

const SHORT_TOKEN = 16;

const trustsEverybody = (range: string): boolean => range.endsWith('/0');

/**
 * Checks from where the gateway can be reached and whether a token is needed (docs/access.md).
 * @param host  in force, possibly set by a flag
 */
export function checkExposure({ gateway }: Config, host: string): Finding {
  const id = 'exposure';
  const { auth, trustedProxies, cors } = gateway;
  const wide = trustedProxies.filter(trustsEverybody);
  if (wide.length > 0)
    return fail(id, `gateway.trustedProxies contains ${wide.join(', ')}: anyone can pretend to have any address`, {
      fix: "Name the proxy's own address: xopc config set gateway.trustedProxies '[\"127.0.0.1\"]'",
    });
  const isOpen = host !== 'localhost' && !isLoopback(host);
  if (isOpen && auth.api_key !== null && auth.api_key.length < SHORT_TOKEN)
    return fail(id, `other machines can reach it on ${host}, and gateway.auth.api_key has only ${auth.api_key.length} characters`, {
      fix: 'Generate a long one: xopc config unset gateway.auth.api_key',
    });
  if (
    cors.enabled &&
    cors.credentials &&
    cors.origins.some((origin) => origin.startsWith('http:') && !/^http:\/\/(localhost|127\.)/.test(origin))
  )
    return warn(id, 'gateway.cors allows credentials for a page served over plain HTTP', {
      fix: 'Use https: in gateway.cors.origins',
    });
  if (auth.enabled === false && cors.enabled && cors.origins.includes('*'))
    return warn(id, "any web page can use it without the token, because gateway.auth.enabled is false and gateway.cors.origins has '*'", {
      fix: 'Require the token with: xopc config unset gateway.auth.enabled',
    });
  if (!isOpen) return ok(id, `only this machine can reach it (${host})`);
  if (auth.enabled === false)
    return warn(id, `other machines can reach it on ${host} and need no token, because gateway.auth.enabled is false`, {
      fix: 'Require the token with: xopc config unset gateway.auth.enabled',
    });
  const own = auth.enabled ? 'this machine too' : 'this machine does not';
  return ok(
    id,
    `other machines can reach it on ${host} and need the token, ${own}; to allow only this machine: xopc config set gateway.host 127.0.0.1`,
  );
}
