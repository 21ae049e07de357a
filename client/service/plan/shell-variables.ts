/** Finds variables of this shell that the gateway uses and does not get: those of a service, and of one that was started before. */
import { resolve } from 'node:path';
import { KNOWN_PROVIDERS } from '../../../shared/config/known-providers.js';
import { readConfigText } from '../../../shared/node/config/config-file.js';
import { readLock } from '../../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { readFormerStart } from '../../gateway/start-again.js';

/** Node's own, for proxies and certificates: docs/configuration.md. */
export const NODE_VARIABLES = [
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'NODE_USE_ENV_PROXY',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_SYSTEM_CA',
] as const;

/** The same as those in upper case, whatever the system is. */
const LOWER_CASE = ['https_proxy', 'http_proxy', 'no_proxy'];

const KNOWN = [
  ...NODE_VARIABLES,
  ...LOWER_CASE,
  'TELEGRAM_BOT_TOKEN',
  'XOPC_GATEWAY_TOKEN',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
  ...KNOWN_PROVIDERS.flatMap(({ keyVariables }) => keyVariables),
  ...KNOWN_PROVIDERS.flatMap(({ baseUrlVariable }) => baseUrlVariable ?? []),
];

/** Settings that a start by hand takes from its shell; `install` takes the address over. */
const OF_A_START = ['XOPC_PORT', 'XOPC_HOST', 'XOPC_LOG_LEVEL'];

function referenced(path: string): string[] {
  let text: string | undefined;
  try {
    text = readConfigText(path);
  } catch {
    // An invalid file is reported elsewhere, with line and column.
    return [];
  }
  return [...(text ?? '').matchAll(/(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)].map((match) => match[1] ?? '');
}

/** @returns sorted names of the variables set here, without their values. @param others  names to look up besides */
export function shellOnlyVariables(
  paths: GatewayPaths,
  lookup: (name: string) => string | undefined,
  others: readonly string[] = [],
): string[] {
  const names = new Set([...KNOWN, ...others, ...referenced(paths.configPath), ...referenced(paths.modelsPath)]);
  const isTwin = (name: string): boolean => LOWER_CASE.includes(name) && lookup(name.toUpperCase()) !== undefined;
  return [...names].filter((name) => lookup(name) !== undefined && !isTwin(name)).toSorted();
}

/**
 * Names variables that have another value here than in a gateway that was started by hand, whose successors inherit its variables.
 * Prints nothing if there are none, or if the system does not show those of the gateway.
 */
export async function noteVariables(
  io: { readonly gatewayPaths: GatewayPaths; note(text: string): Promise<void> },
  runtime: { environmentValue(name: string): string | undefined },
): Promise<void> {
  const { gatewayPaths: paths } = io;
  const lookup = (name: string): string | undefined => runtime.environmentValue(name);
  const lock = readLock(paths.lockPath);
  const former = lock === undefined ? undefined : readFormerStart(lock);
  if (former === undefined) return;
  const isKept = (name: string): boolean => {
    const [here = '', there = ''] = [lookup(name), former.environment[name]];
    // A gateway in the background has paths in full.
    return here === there || resolve(here) === there;
  };
  const names = shellOnlyVariables(paths, lookup, OF_A_START).filter((name) => !isKept(name));
  if (names.length === 0) return;
  await io.note(
    `The gateway keeps the variables of its start. This shell has other values of: ${names.join(', ')}. To start it with them: xopc gateway stop   Then: xopc gateway start`,
  );
}
