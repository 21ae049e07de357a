/**
 * Reads secrets from an environment variable or standard input, because other users can see a command line and the shell records
 * it.
 */
import { isMaskText } from '../../shared/config/secrets.js';
import type { ClientContext } from './client-context.js';
import { readInput } from './read-input.js';
import { usage } from './usage.js';

/** The two options for one secret: `--NAME-env VARIABLE` and `--NAME-stdin`. */
export interface SecretOptions {
  /** e.g. `--api-key`. */
  readonly flag: string;
  readonly variable: string | undefined;
  readonly isFromStdin: boolean;
}

/**
 * @returns undefined when neither option is given @throws USAGE for both, and for a secret that is empty, masked or contains white
 * space
 */
export async function readSecret(context: ClientContext, { flag, variable, isFromStdin }: SecretOptions): Promise<string | undefined> {
  if (variable === undefined && !isFromStdin) return undefined;
  if (variable !== undefined && isFromStdin) throw usage(`${flag}-env and ${flag}-stdin exclude each other`, 'Give one of them.');
  const origin = variable === undefined ? 'standard input' : `the environment variable ${variable}`;
  if (variable !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable))
    throw usage(`${flag}-env must be the name of an environment variable, not its value`, `e.g. ${flag}-env MY_SECRET`);
  const given = variable === undefined ? await readInput(context.stdin) : (context.runtime.environmentValue(variable) ?? '');
  const secret = given.trim();
  if (secret === '')
    throw usage(
      `${origin} is ${variable === undefined ? 'empty' : 'not set'}`,
      `Put the secret into it; it is read by ${flag}-env or ${flag}-stdin.`,
    );
  if (isMaskText(secret)) throw usage(`${origin} contains the mask of a secret, not the secret`, 'Copy the secret itself.');
  if (!/^[\x21-\x7e]+$/.test(secret))
    throw usage(`${origin} contains spaces or other characters that no key has`, 'Copy the secret again.');
  return secret;
}
