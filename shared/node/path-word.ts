import { shellWord } from '../text/shell-word.js';

/** Returns a path as one word of a command line, quoted only if needed. */
export const pathWord = (path: string): string =>
  process.platform === 'win32' && /^[\w@%+=:,./\\~-]+$/.test(path) ? path : shellWord(path);
