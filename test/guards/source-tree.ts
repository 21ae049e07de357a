/** The source tree as the guards see it: its files, their code without comments and strings, and what they import. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

export const root = dirname(dirname(import.meta.dirname));

/** Top directories with our code. */
export const SOURCE_DIRECTORIES = ['bin', 'client', 'daemon', 'shared', 'webui'];

export interface SourceFile {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The text with comments and the content of strings blanked out; line numbers stay. */
  readonly code: string;
  readonly imports: readonly SourceImport[];
}

export interface SourceImport {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
  /** `import(…)`: it is run when that is. */
  readonly isLazy: boolean;
  /** Path of our own file that it names, or undefined for a package. */
  readonly target: string | undefined;
}

/** Relative paths of all files below `directory` whose name matches. Missing directories are empty. */
export function listFiles(directory: string, pattern: RegExp): string[] {
  let entries;
  try {
    entries = readdirSync(join(root, directory), { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => !['node_modules', 'dist'].includes(entry.name))
    .flatMap((entry) => {
      const path = posix.join(directory, entry.name);
      if (entry.isDirectory()) return listFiles(path, pattern);
      return pattern.test(entry.name) ? [path] : [];
    });
}

/** A comment, a string or a template: whichever starts first. Templates with nested templates are cut short, which only blanks less. */
const TOKEN =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`|\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[dgimsuvy]*(?=\s*[.,;)\]])/g;

function blank(token: string): string {
  const isQuoted = /^['"`]/.test(token);
  const inner = (isQuoted ? token.slice(1, -1) : token).replace(/[^\n]/g, ' ');
  return isQuoted ? `${token[0]}${inner}${token[0]}` : inner;
}

const IMPORT =
  /^[ \t]*(?:import|export)\s+(type\s+)?(?:[\w$*\s{},]*?\bfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|\brequire\(\s*'([^']+)'\s*\)/gm;

function targetOf(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const target = posix.join(posix.dirname(path), specifier);
  const candidates = [target.replace(/\.js$/, '.ts'), target.replace(/\.js$/, '.tsx')];
  return candidates.find((candidate) => existsSync(join(root, candidate))) ?? candidates[0];
}

function readImports(path: string, text: string): SourceImport[] {
  const withoutComments = text.replace(TOKEN, (token) => (/^\/[/*]/.test(token) ? token.replace(/[^\n]/g, ' ') : token));
  return [...withoutComments.matchAll(IMPORT)].map((match) => {
    const specifier = match[2] ?? match[3] ?? match[4] ?? '';
    return { specifier, isTypeOnly: match[1] !== undefined, isLazy: match[3] !== undefined, target: targetOf(path, specifier) };
  });
}

export function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, code: text.replace(TOKEN, blank), imports: readImports(path, text) };
}

/** Every source file of the project. */
export function readAllSources(): SourceFile[] {
  return SOURCE_DIRECTORIES.flatMap((directory) => listFiles(directory, /\.(ts|tsx|mjs)$/)).map(readSource);
}

/** `@scope/name/deep/path` → `@scope/name`; undefined for Node's own and for our files. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Places of a pattern in a file's code, as `path:line`. */
export function findInCode(file: SourceFile, pattern: RegExp): string[] {
  return file.code.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1} ${line.trim()}`] : []));
}
