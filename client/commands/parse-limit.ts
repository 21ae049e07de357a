import { GatewayError } from '../../shared/errors.js';

/** `--limit` of a list, or another number of its kind. @throws USAGE */
export function parseLimit(text: string | undefined, range: { default: number; max: number; flag?: string }): number {
  const { flag = '--limit' } = range;
  if (text === undefined) return range.default;
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= range.max) return Number(text);
  throw new GatewayError('USAGE', {
    message: `${flag} is '${text}'; it must be a whole number from 1 to ${range.max}`,
    hint: `e.g. ${flag} ${Math.min(50, range.max)}`,
  });
}
