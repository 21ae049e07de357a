/** Values of command-line options. */
import { GatewayError } from '../../shared/errors.js';
import { isToken } from '../../shared/node/process/env.js';

const MAX_TIMEOUT_MS = 600_000;

/** `--timeout`. @returns undefined when it is not given @throws USAGE */
export function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text) && Number(text) <= MAX_TIMEOUT_MS) return Number(text);
  throw new GatewayError('USAGE', {
    message: `--timeout is '${text}'; it must be whole milliseconds from 0 to ${MAX_TIMEOUT_MS}`,
    hint: 'e.g. --timeout 5000',
  });
}

/** `--token`. @throws USAGE for what could not be sent in a header */
export function parseToken(text: string | undefined): string | undefined {
  if (text === undefined || isToken(text)) return text;
  throw new GatewayError('USAGE', {
    message: '--token has characters that a token cannot have',
    hint: 'Use printable ASCII without spaces, e.g. the output of: openssl rand -hex 32',
  });
}

/** `--host`. @throws USAGE */
export function parseHost(text: string | undefined): string | undefined {
  if (text === undefined || /^[^\s/]{1,253}$/.test(text)) return text;
  throw new GatewayError('USAGE', { message: `--host is '${text}', which is not an address`, hint: 'e.g. --host 127.0.0.1' });
}
