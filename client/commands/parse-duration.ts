import { GatewayError } from '../../shared/errors.js';
import { parseSince } from '../../shared/log/since.js';

/** `90s`, `1h30m` in ms. @throws USAGE */
export function parseDuration(text: string, flag: string): number {
  const before = /^\d.*[smhdw]$/.test(text) ? parseSince(text, 0) : undefined;
  if (before !== undefined && before <= 0) return -before;
  throw new GatewayError('USAGE', {
    message: `${flag} is '${text}'; it must be a duration`,
    hint: 'Units are s, m, h, d and w, as in 1h30m.',
  });
}
