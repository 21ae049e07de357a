/** Finds variables of this shell that the gateway uses and a service does not inherit. */
import { KNOWN_PROVIDERS } from '../../../shared/config/known-providers.js';
import { environmentValue } from '../../../shared/node/process/env.js';
import { readConfigText } from '../../../shared/node/config/config-file.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';

/** Node's own, for proxies and certificates: docs/configuration.md. */
export const NODE_VARIABLES = [
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'NODE_USE_ENV_PROXY',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_SYSTEM_CA',
] as const;

const KNOWN = [
  ...NODE_VARIABLES,
  'https_proxy',
  'http_proxy',
  'no_proxy',
  'TELEGRAM_BOT_TOKEN',
  'XOPC_GATEWAY_TOKEN',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
  ...KNOWN_PROVIDERS.flatMap(({ keyVariables }) => keyVariables),
  ...KNOWN_PROVIDERS.flatMap(({ baseUrlVariable }) => baseUrlVariable ?? []),
];

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

/** @returns sorted names of the variables set here, without their values */
export function shellOnlyVariables(paths: GatewayPaths, lookup: (name: string) => string | undefined = environmentValue): string[] {
  const names = new Set([...KNOWN, ...referenced(paths.configPath), ...referenced(paths.modelsPath)]);
  return [...names].filter((name) => lookup(name) !== undefined).toSorted();
}
