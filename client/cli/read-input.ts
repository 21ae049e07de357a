/** Text from standard input. */
import type { Readable } from 'node:stream';
import { collect } from '../../shared/node/collect.js';
import { usage } from './usage.js';

const MAX_INPUT_BYTES = 8_388_608;

/** Reads all of it, without the line break at its end. @throws USAGE when it is more than 8 MiB or not UTF-8 */
export async function readInput(stream: Readable): Promise<string> {
  const input = await collect(stream, MAX_INPUT_BYTES);
  if (input === undefined) throw usage(`standard input has more than ${MAX_INPUT_BYTES} bytes`, 'Send less.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(input).replace(/\r?\n$/, '');
  } catch {
    throw usage('standard input is not UTF-8 text', 'Convert it first, e.g. with iconv.');
  }
}

/**
 * The message of a command line: its arguments, or standard input with `-` or if there are no arguments and stdin is not a terminal.
 * @throws USAGE
 */
export async function readMessage(words: readonly string[], stdin: Readable, example: string): Promise<string> {
  const isInput = words.length === 1 && words[0] === '-';
  const isPiped = words.length === 0 && (stdin as Partial<NodeJS.ReadStream>).isTTY !== true;
  const message = isInput || isPiped ? await readInput(stdin) : words.join(' ');
  if (message.trim() !== '') return message;
  throw usage('no message given', `e.g. ${example}`);
}
