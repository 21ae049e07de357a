import { GatewayError } from '../../shared/errors.js';

/** The error for a wrong option or argument. @param hint  what to type instead */
export function usage(message: string, hint?: string): GatewayError {
  return new GatewayError('USAGE', hint === undefined ? { message } : { message, hint });
}

/** Returns `text` if it is one of an option's choices. @throws USAGE */
export function oneOf<T extends string>(flag: string, text: string, { choices, hint }: { choices: readonly T[]; hint?: string }): T {
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw usage(`${flag} is '${text}'; it must be one of ${choices.join(', ')}`, hint);
}
