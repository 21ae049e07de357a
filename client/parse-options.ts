/** Values of command-line options. */
import { GatewayError } from '../shared/errors.js';

const MAX_TIMEOUT_MS = 600_000;

/** `--timeout`. @returns undefined when it is not given @throws USAGE */
export function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text) && Number(text) <= MAX_TIMEOUT_MS) return Number(text);
  throw new GatewayError('USAGE', { message: `--timeout is '${text}'; it must be whole milliseconds from 0 to ${MAX_TIMEOUT_MS}`, hint: 'e.g. --timeout 5000' });
}
