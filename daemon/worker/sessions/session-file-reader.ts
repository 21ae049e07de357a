/**
 * Reads a session file as it arrives, one message after another, however long the file is. JSON Lines have the header first; in
 * JSON, `messages` are taken out of the document one by one and the rest is the header.
 *
 * Between two messages a file may take a bounded number of characters, values and levels, so that a hostile one costs
 * neither much memory nor much time.
 */
import { JSONParser, TokenType } from '@streamparser/json';
import { GatewayError } from '../../../shared/errors.js';

/** The longest message with its files, in characters. */
const MAX_MESSAGE_LENGTH = 64 * 1_048_576;
const MAX_HEADER_LENGTH = 65_536;
/** A message with eight files has about 80 tokens. */
const MAX_TOKENS = 2_000;
const MAX_DEPTH = 16;
const MAX_SHOWN_LENGTH = 100;
const BUFFER_BYTES = 65_536;

export function invalidFile(message: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', {
    message: `This is not an export of a session: ${message}`,
    hint: 'Nothing was imported. GET /api/sessions/{key}/export creates such a file.',
  });
}

/** The parser's own decoder removes U+FEFF at the beginning of a text. */
function keepByteOrderMarks(parser: JSONParser): void {
  const { tokenizer } = parser as unknown as { tokenizer: { bufferedString: { decoder: unknown } } };
  tokenizer.bufferedString.decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
}

export class SessionFileReader {
  readonly #parser: JSONParser;
  readonly #format: 'json' | 'jsonl';
  readonly #maxMessageLength: number;
  #found: unknown[] = [];
  #count = 0;
  #header: { readonly value: unknown } | undefined;
  /** The keys so far of each object and array that has begun. */
  readonly #open: Set<unknown>[] = [];
  #lastValue: unknown;
  /** The chunk being parsed, and where it begins: byte and line. */
  #piece = { text: '', byte: 0, line: 1 };
  /** Count since the last message. */
  #tokens = 0;
  #length = 0;
  #headerLength = 0;

  /** @param maxMessageLength  in characters, including the surrounding JSON; default 64 MiB */
  constructor(format: 'json' | 'jsonl', maxMessageLength = MAX_MESSAGE_LENGTH) {
    this.#format = format;
    this.#maxMessageLength = maxMessageLength;
    const buffers = { stringBufferSize: BUFFER_BYTES, numberBufferSize: BUFFER_BYTES };
    const parts = format === 'json' ? { paths: ['$.messages.*', '$'] } : { paths: ['$'], separator: '' };
    this.#parser = new JSONParser({ ...buffers, ...parts });
    keepByteOrderMarks(this.#parser);
    this.#parser.onToken = ({ token, value, offset }) => this.#check({ token, value, offset });
    this.#parser.onValue = ({ value, parent, stack }) => this.#take(value, stack.length === 0 ? undefined : parent);
  }

  /** Returns the messages that are complete. @throws INVALID_REQUEST */
  push(text: string): unknown[] {
    this.#length += text.length;
    const { text: before, byte, line } = this.#piece;
    this.#piece = { text, byte: byte + Buffer.byteLength(before), line: line + before.split('\n').length - 1 };
    this.#parse(() => this.#parser.write(text));
    const found = this.#found;
    if (found.length > 0) this.#length = text.length;
    this.#found = [];
    if (this.#length > this.#maxMessageLength) throw invalidFile(`it contains a message longer than ${this.#maxMessageLength} characters.`);
    return found;
  }

  /** Returns the header once all text was pushed. @throws INVALID_REQUEST */
  end(): unknown {
    if (this.#open.length > 0) throw invalidFile('it is truncated.');
    this.#parse(() => {
      if (!this.#parser.isEnded) this.#parser.end();
    });
    if (this.#header === undefined) throw invalidFile('it is empty.');
    const { value } = this.#header;
    const hasMessages = this.#format === 'jsonl' || (value as { messages?: unknown } | null)?.messages !== undefined;
    if (!hasMessages) throw invalidFile('it has no messages.');
    return value;
  }

  #parse(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      throw invalidFile(`it is not valid JSON after ${this.#count} messages.`);
    }
  }

  #check({ token, value, offset }: { token: TokenType; value: unknown; offset: number }): void {
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) this.#open.push(new Set());
    if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) this.#open.pop();
    if (token === TokenType.COLON) this.#addKey(String(this.#lastValue), offset);
    this.#lastValue = value;
    this.#tokens += 1;
    const depth = this.#open.length;
    if (depth > MAX_DEPTH) throw invalidFile(`it is nested more than ${MAX_DEPTH} levels deep.`);
    if (this.#tokens > MAX_TOKENS) throw invalidFile(`it contains a message with more than ${MAX_TOKENS} parts.`);
    const isHeader = this.#format === 'json' ? depth < 3 : this.#header === undefined;
    if (isHeader && typeof value === 'string') this.#headerLength += value.length;
    if (this.#headerLength > MAX_HEADER_LENGTH) throw invalidFile(`its header is longer than ${MAX_HEADER_LENGTH} characters.`);
  }

  /** A parser keeps only the last value of a repeated key. @param offset  of the colon, in bytes */
  #addKey(key: string, offset: number): void {
    const keys = this.#open.at(-1);
    if (keys?.has(key) === true) {
      const { text, byte, line } = this.#piece;
      const before = Buffer.from(text)
        .subarray(0, offset - byte)
        .toString('latin1');
      throw invalidFile(
        `it has the key '${key.slice(0, MAX_SHOWN_LENGTH)}' twice in an object, in line ${line + before.split('\n').length - 1}.`,
      );
    }
    keys?.add(key);
  }

  #take(value: unknown, parent: unknown): void {
    this.#tokens = 0;
    if (this.#format === 'jsonl' ? this.#header === undefined : parent === undefined) {
      this.#header = { value };
      return;
    }
    if (Array.isArray(parent)) parent.pop();
    this.#found.push(value);
    this.#count += 1;
  }
}
