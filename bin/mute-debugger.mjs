/**
 * Takes the start of the debugger out of a copy of Node. Until a program has a handler, SIGUSR1 opens it on 127.0.0.1;
 * the options that prevent this are not known to a single executable (its option parser leaves out all of the
 * debugger's, src/node_options.cc). Node's own handler for the signal is one function that only wakes the thread which
 * opens the debugger: it returns at once here. The program's handler takes its place later, as everywhere.
 *
 * ELF: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html, chapters 4 (header, sections, symbol table).
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const HANDLER = /^_ZN4node9inspector.*StartIoThreadWakeupEi/;

/** `e_machine` → the instruction that returns. */
const RETURN = new Map([
  [62, Buffer.from([0xc3])], // x86-64
  [183, Buffer.from([0xc0, 0x03, 0x5f, 0xd6])], // AArch64
]);

/** A function that may be called indirectly begins with it on x86-64, where the compiler was told so. */
const ENDBR64 = Buffer.from([0xf3, 0x0f, 0x1e, 0xfa]);

const SYMBOL_TABLE = 2;
const SYMBOL_BYTES = 24;

function read(fd, position, length) {
  const bytes = Buffer.alloc(length);
  readSync(fd, bytes, 0, length, position);
  return bytes;
}

const number = (bytes, at) => Number(bytes.readBigUInt64LE(at));

function readSections(fd, header) {
  const [size, count] = [header.readUInt16LE(58), header.readUInt16LE(60)];
  const table = read(fd, number(header, 40), size * count);
  return Array.from({ length: count }, (_, index) => {
    const at = index * size;
    return {
      type: table.readUInt32LE(at + 4),
      address: number(table, at + 16),
      offset: number(table, at + 24),
      size: number(table, at + 32),
      link: table.readUInt32LE(at + 40),
    };
  });
}

function nameAt(strings, at) {
  return strings.toString('latin1', at, strings.indexOf(0, at));
}

/** @returns the handler's offset in the file, or undefined where the file has no symbols or no such function */
function findHandler(fd, sections) {
  for (const section of sections.filter(({ type }) => type === SYMBOL_TABLE)) {
    const symbols = read(fd, section.offset, section.size);
    const { offset, size } = sections[section.link];
    const strings = read(fd, offset, size);
    for (let at = 0; at < symbols.length; at += SYMBOL_BYTES) {
      if (!HANDLER.test(nameAt(strings, symbols.readUInt32LE(at)))) continue;
      const home = sections[symbols.readUInt16LE(at + 6)];
      if (home !== undefined) return home.offset + number(symbols, at + 8) - home.address;
    }
  }
  return undefined;
}

/**
 * To be called before the symbols are stripped.
 * @returns whether it is done: not for another format than 64-bit little-endian ELF, nor without symbols
 */
export function muteDebugger(path) {
  const fd = openSync(path, 'r+');
  try {
    const header = read(fd, 0, 64);
    const isElf64 = header.toString('latin1', 0, 4) === '\x7fELF' && header[4] === 2 && header[5] === 1;
    const instruction = isElf64 ? RETURN.get(header.readUInt16LE(18)) : undefined;
    if (instruction === undefined) return false;
    const at = findHandler(fd, readSections(fd, header));
    if (at === undefined) return false;
    const isMarked = read(fd, at, ENDBR64.length).equals(ENDBR64);
    writeSync(fd, instruction, 0, instruction.length, isMarked ? at + ENDBR64.length : at);
    return true;
  } finally {
    closeSync(fd);
  }
}
