import { GatewayError } from '../../shared/errors.js';

/** A `--key` as the API takes it. @throws USAGE */
export function parseKey(key: string | undefined): string | undefined {
  if (key === undefined || /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new GatewayError('USAGE', {
    message: `--key is ${JSON.stringify(key.slice(0, 80))}; it must be 1 to 255 visible ASCII characters`,
  });
}
