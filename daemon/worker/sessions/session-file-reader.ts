/**
 * Reads a session's file as it arrives: one message after another, however long the whole is. JSON Lines have the header
 * first; in JSON, written in any way, `messages` are taken out of the document one by one and the rest is the header.
 */
import { GatewayError } from '../../../shared/errors.js';

export interface RawSessionFile {
  /** @returns the messages that are complete, as texts in JSON. @throws INVALID_REQUEST */
  push(text: string): string[];
  /** All has arrived. @returns messages that only end with the text, and the header in JSON. @throws INVALID_REQUEST */
  end(): { messages: string[]; header: string };
}

/** The longest message, as it is written: more than any body that the API takes may become by being escaped. */
const MAX_MESSAGE_LENGTH = 64 * 1_048_576;
const MAX_HEADER_LENGTH = 65_536;

export function wrongFile(message: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', {
    message: `This is no export of a session: ${message}`,
    hint: 'Nothing was imported. GET /api/sessions/{key}/export gives such a file.',
  });
}

function checkLength(length: number, limit: number): void {
  if (length > limit) throw wrongFile(`a part of it is longer than ${limit} characters.`);
}

export class JsonLinesFile implements RawSessionFile {
  /** Pieces of the line that is being read: joined once, because one with files may be long. */
  #rest: string[] = [];
  #restLength = 0;
  #header: string | undefined;

  push(text: string): string[] {
    const lines = text.split('\n');
    const tail = lines.pop() ?? '';
    if (lines.length > 0) {
      lines[0] = this.#rest.join('') + (lines[0] ?? '');
      this.#rest = [];
      this.#restLength = 0;
    }
    this.#rest.push(tail);
    this.#restLength += tail.length;
    checkLength(this.#restLength, MAX_MESSAGE_LENGTH);
    const full = lines.filter((line) => line.trim() !== '');
    this.#header ??= full.shift();
    checkLength(this.#header?.length ?? 0, MAX_HEADER_LENGTH);
    return full;
  }

  end(): { messages: string[]; header: string } {
    const messages = this.push('\n');
    if (this.#header === undefined) throw wrongFile('it is empty.');
    return { messages, header: this.#header };
  }
}

export class JsonFile implements RawSessionFile {
  /** What belongs to the header, and what to the message that is being read. */
  #header = '';
  #message = '';
  #depth = 0;
  #isString = false;
  #isEscaped = false;
  /** Where in `messages` it is; undefined: outside. */
  #place: 'start' | 'message' | 'between' | 'comma' | undefined;
  #hadMessages = false;

  push(text: string): string[] {
    const found: string[] = [];
    let from = 0;
    const take = (to: number): void => {
      if (this.#place === 'message') this.#message += text.slice(from, to);
      else if (this.#place === undefined) this.#header += text.slice(from, to);
      from = to;
    };
    for (let at = 0; at < text.length; at += 1) {
      const character = text[at] ?? '';
      if (this.#isString) this.#inString(character);
      else if (this.#place === undefined || this.#place === 'message') this.#structure(character, at, { take, found });
      else this.#betweenMessages(character, at, take);
    }
    take(text.length);
    checkLength(this.#message.length, MAX_MESSAGE_LENGTH);
    checkLength(this.#header.length, MAX_HEADER_LENGTH);
    return found;
  }

  end(): { messages: string[]; header: string } {
    if (this.#depth !== 0 || this.#isString) throw wrongFile('its end is missing.');
    if (!this.#hadMessages) throw wrongFile('it has no messages.');
    return { messages: [], header: this.#header };
  }

  #inString(character: string): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (character === '\\') this.#isEscaped = true;
    else if (character === '"') this.#isString = false;
  }

  #structure(character: string, at: number, { take, found }: { take: (to: number) => void; found: string[] }): void {
    if (character === '"') this.#isString = true;
    else if (character === '{' || character === '[') this.#open(character, at, take);
    else if (character === '}' || character === ']') {
      this.#depth -= 1;
      if (this.#place !== 'message' || this.#depth !== 2) return;
      take(at + 1);
      found.push(this.#message);
      this.#message = '';
      this.#place = 'between';
    }
  }

  #open(character: string, at: number, take: (to: number) => void): void {
    this.#depth += 1;
    if (character !== '[' || this.#depth !== 2 || this.#place !== undefined) return;
    take(at + 1);
    if (!/(?<!\\)"messages"\s*:\s*\[$/.test(this.#header)) return;
    if (this.#hadMessages) throw wrongFile("it has 'messages' twice.");
    this.#hadMessages = true;
    this.#place = 'start';
  }

  #betweenMessages(character: string, at: number, take: (to: number) => void): void {
    if (/\s/.test(character)) return;
    take(at);
    if (character === ',' && this.#place === 'between') this.#place = 'comma';
    else if (character === '{' && this.#place !== 'between') {
      this.#place = 'message';
      this.#depth += 1;
    } else if (character === ']' && this.#place !== 'comma') {
      this.#place = undefined;
      this.#depth -= 1;
    } else throw wrongFile(`there is '${character}' between two messages.`);
  }
}
