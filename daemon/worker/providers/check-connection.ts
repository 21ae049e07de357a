/** Checks a provider's settings by requesting its models, and explains problems. */
import type { ProviderTestResult } from '../../../shared/api/models.js';
import { environmentValue } from '../../../shared/node/process/env.js';
import { fetchDispatcher } from './sdk/fetch-dispatcher.js';
import { headerProblem, headersProblem } from './header-value.js';
import { askForModels, readModelIds } from './list-models.js';
import type { ConnectionSettings } from './provider.js';

type Finding = Pick<ProviderTestResult, 'cause' | 'message'> & Partial<ProviderTestResult>;

const CHECK_MS = 8_000;

function codeOf(error: unknown): string {
  let current = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth += 1) {
    const { code } = current as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
    if (current.name === 'TimeoutError') return 'ETIMEDOUT';
    current = current.cause instanceof AggregateError ? current.cause.errors[0] : current.cause;
  }
  return '';
}

function fromNetwork(settings: ConnectionSettings, error: unknown): Finding {
  const code = codeOf(error);
  const { host, protocol } = new URL(settings.baseUrl);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return { cause: 'dns', message: `Host not found: ${host} (${code}). Check the base URL, and this machine's network.` };
  }
  if (code === 'ECONNREFUSED') {
    return { cause: 'refused', message: `Connection refused by ${host}. Start the server, or correct the port in the base URL.` };
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH/.test(code)) {
    const how = 'Set NODE_EXTRA_CA_CERTS to its certificate authority, or use a trusted certificate.';
    return { cause: 'tls', message: `The certificate of ${host} is not trusted (${code}). ${how}` };
  }
  if (/^ERR_SSL|^EPROTO/.test(code) || (protocol === 'https:' && code === 'ECONNRESET')) {
    return { cause: 'tls', message: `${host} does not speak TLS here (${code}). Is it an http:// address?` };
  }
  if (/TIMEOUT|^ETIMEDOUT$/.test(code)) {
    return {
      cause: 'timeout',
      message: `${host} did not answer within ${CHECK_MS / 1_000} s. Check the address, and that the server runs.`,
    };
  }
  return {
    cause: 'unreachable',
    message: `${host} cannot be reached${code === '' ? '' : ` (${code})`}. Check the address and the network.`,
  };
}

/** Whether NO_PROXY names the host or a domain of it. */
function isWithoutProxy(host: string): boolean {
  const entries = (environmentValue('no_proxy') ?? environmentValue('NO_PROXY') ?? '').toLowerCase().split(/[\s,]+/);
  const names = entries.map((entry) => entry.replace(/^\*?\./, '').replace(/:\d+$/, ''));
  return names.some((name) => name === '*' || name === host || (name !== '' && host.endsWith(`.${name}`)));
}

/** Node's `fetch` uses a proxy that the environment names only if NODE_USE_ENV_PROXY is set, and only in the versions named here. */
function withProxyAdvice(settings: ConnectionSettings, finding: Finding): Finding {
  const { protocol, hostname } = new URL(settings.baseUrl);
  const isAffected = protocol === 'https:' && ['dns', 'timeout', 'unreachable'].includes(finding.cause ?? '');
  const name = ['HTTPS_PROXY', 'https_proxy'].find((one) => environmentValue(one) !== undefined);
  if (!isAffected || name === undefined || isWithoutProxy(hostname)) return finding;
  if (fetchDispatcher()?.constructor.name === 'EnvHttpProxyAgent') return finding;
  const advice = `${name} is not used: to go through that proxy, start the gateway with NODE_USE_ENV_PROXY=1, on Node 22.21, 24.5 or newer.`;
  return { ...finding, message: `${finding.message} ${advice}` };
}

function fromStatus(settings: ConnectionSettings, status: number): Finding {
  const { name, apiKey } = settings;
  if (status === 401 || status === 403) {
    const key = apiKey === undefined ? 'The server needs an API key, but none is set' : 'The server rejected the API key';
    return { cause: 'unauthorized', message: `${key} (HTTP ${status}). Copy the key of ${name} again.` };
  }
  if (status === 404 || status === 405) {
    return { cause: 'wrongPath', message: `The server has no such path (HTTP ${status}). The base URL usually ends in /v1.` };
  }
  if (status === 429) return { cause: 'rateLimited', message: 'It is limiting requests (HTTP 429): the key works. Try again later.' };
  if (status >= 500) return { cause: 'overloaded', message: `It failed or is overloaded (HTTP ${status}). Try again in a moment.` };
  return { cause: 'rejected', message: `It refused the request (HTTP ${status}). Check the kind of API and the base URL.` };
}

async function probe(settings: ConnectionSettings): Promise<Finding> {
  const problem = settings.apiKey === undefined ? undefined : headerProblem(settings.apiKey);
  if (problem !== undefined) return { cause: 'unauthorized', message: `The API key ${problem}.` };
  const unsendable = headersProblem(settings.headers ?? {});
  if (unsendable !== undefined) return { cause: 'rejected', message: `The ${unsendable}.` };
  try {
    const answer = await askForModels(settings, CHECK_MS);
    const found = { httpStatus: answer.status };
    if (answer.status < 200 || answer.status > 299) return { ...fromStatus(settings, answer.status), ...found };
    const models = readModelIds(settings, answer.body);
    if (models === undefined) {
      const message = 'It did not answer with a list of models. Check the base URL (it usually ends in /v1) and the kind of API.';
      return { cause: 'notTheApi', message, ...found };
    }
    return { cause: null, message: `Connected; ${models.length} models found.`, models, ...found };
  } catch (error) {
    return withProxyAdvice(settings, fromNetwork(settings, error));
  }
}

/** Tries the usual path when the given one fails, and suggests it if it works. */
async function suggest(settings: ConnectionSettings, finding: Finding): Promise<Finding> {
  if (finding.cause !== 'wrongPath' && finding.cause !== 'notTheApi') return finding;
  const baseUrl = `${new URL(settings.baseUrl).origin}/v1`;
  if (settings.baseUrl.replace(/\/+$/, '') === baseUrl) return finding;
  const other = await probe({ ...settings, baseUrl });
  if (other.cause !== null) return finding;
  return { ...finding, message: `${finding.message} ${baseUrl} works.`, suggestedBaseUrl: baseUrl };
}

/** @param model  the name of a model that the provider must have */
export async function checkConnection(settings: ConnectionSettings, model?: string): Promise<ProviderTestResult> {
  const startedAt = performance.now();
  const first = await probe(settings);
  const latencyMs = Math.round(performance.now() - startedAt);
  let finding = await suggest(settings, first);
  if (finding.cause === null && model !== undefined && finding.models?.includes(model) === false) {
    finding = {
      ...finding,
      cause: 'modelMissing',
      message: `It answers, but has no model '${model}'. Choose one of its ${finding.models.length}.`,
    };
  }
  return { models: [], httpStatus: null, suggestedBaseUrl: null, ...finding, ok: finding.cause === null, latencyMs };
}
