/**
 * Reads a session's file as it arrives: one message after another, however long the whole is. JSON Lines have the header
 * first; in JSON, `messages` are taken out of the document one by one and the rest is the header.
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
  /** The array of messages in JSON: it stays empty, because each message is taken out. */
  #messages: unknown;
  #depth = 0;
  /** Since the last message. */
  #tokens = 0;
  #length = 0;
  #headerLength = 0;

  /** @param maxMessageLength  in characters, with what is around it; default 64 MiB */
  constructor(format: 'json' | 'jsonl', maxMessageLength = MAX_MESSAGE_LENGTH) {
    this.#format = format;
    this.#maxMessageLength = maxMessageLength;
    const buffers = { stringBufferSize: BUFFER_BYTES, numberBufferSize: BUFFER_BYTES };
    const parts = format === 'json' ? { paths: ['$.messages.*', '$'] } : { paths: ['$'], separator: '' };
    this.#parser = new JSONParser({ ...buffers, ...parts });
    keepByteOrderMarks(this.#parser);
    this.#parser.onToken = ({ token, value }) => this.#check(token, value);
    this.#parser.onValue = ({ value, parent, stack }) => this.#take(value, stack.length === 0 ? undefined : parent);
  }

  /** Returns the messages that are complete. @throws INVALID_REQUEST */
  push(text: string): unknown[] {
    this.#length += text.length;
    this.#parse(() => this.#parser.write(text));
    const found = this.#found;
    if (found.length > 0) this.#length = text.length;
    this.#found = [];
    if (this.#length > this.#maxMessageLength) throw invalidFile(`it contains a message longer than ${this.#maxMessageLength} characters.`);
    return found;
  }

  /** Returns the header once all text was pushed. @throws INVALID_REQUEST */
  end(): unknown {
    if (this.#depth > 0) throw invalidFile('it is truncated.');
    this.#parse(() => {
      if (!this.#parser.isEnded) this.#parser.end();
    });
    if (this.#header === undefined) throw invalidFile('it is empty.');
    const { value } = this.#header;
    if (this.#format === 'json') this.#checkMessages((value as { messages?: unknown } | null)?.messages);
    return value;
  }

  #checkMessages(messages: unknown): void {
    if (messages === undefined) throw invalidFile('it has no messages.');
    this.#messages ??= messages;
    if (messages !== this.#messages) throw invalidFile("it has 'messages' twice.");
  }

  #parse(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      throw invalidFile(`it is not valid JSON after ${this.#count} messages.`);
    }
  }

  #check(token: TokenType, value: unknown): void {
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) this.#depth += 1;
    if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) this.#depth -= 1;
    this.#tokens += 1;
    if (this.#depth > MAX_DEPTH) throw invalidFile(`it is nested more than ${MAX_DEPTH} levels deep.`);
    if (this.#tokens > MAX_TOKENS) throw invalidFile(`it contains a message with more than ${MAX_TOKENS} parts.`);
    const isHeader = this.#format === 'json' ? this.#depth < 3 : this.#header === undefined;
    if (isHeader && typeof value === 'string') this.#headerLength += value.length;
    if (this.#headerLength > MAX_HEADER_LENGTH) throw invalidFile(`its header is longer than ${MAX_HEADER_LENGTH} characters.`);
  }

  #take(value: unknown, parent: unknown): void {
    this.#tokens = 0;
    if (this.#format === 'jsonl' ? this.#header === undefined : parent === undefined) {
      this.#header = { value };
      return;
    }
    if (Array.isArray(parent)) {
      parent.pop();
      this.#checkMessages(parent);
    }
    this.#found.push(value);
    this.#count += 1;
  }
}
