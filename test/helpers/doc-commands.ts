/**
 * Reads what a document claims: its commands with the output that it shows for them, and its files. Conventions:
 *
 * - A `##` heading begins a scenario: a fresh home in which everything below it happens in turn.
 * - Each line of a ```sh block is a command (`\` continues it). It exits with 0, or with N where `# exit N` ends the line.
 * - A ```text block right after it is the output of all its commands, stdout and stderr as they come.
 *   `…` stands for any text within a line, and alone on a line for any number of lines.
 * - A block of another language after `<!-- file: PATH -->` is written to that file.
 *
 * Comments that readers do not see steer the rest, each on a line of its own:
 * `<!-- stays -->` the next command goes on until the scenario ends, where Ctrl-C must end it with 0, or until
 * `<!-- ends -->`, where it must end with 0 by itself;
 * `<!-- skip: REASON -->` the next block is not run, and why;
 * `<!-- env: NAME=VALUE -->` from here on in this scenario; `<!-- do: NAME -->` a step that no command can do;
 * `<!-- sh` … `-->` commands that are run and not shown.
 */
export interface DocCommand {
  readonly text: string;
  readonly exitCode: number;
}

export type DocStep = { readonly line: number } & (
  | {
      readonly kind: 'commands';
      readonly commands: readonly DocCommand[];
      /** undefined: the document shows none. */
      readonly output: string | undefined;
      readonly stays: boolean;
    }
  | { readonly kind: 'skipped'; readonly reason: string; readonly text: string }
  | { readonly kind: 'block'; readonly language: string; readonly text: string; readonly path: string | undefined }
  | { readonly kind: 'env'; readonly name: string; readonly value: string }
  | { readonly kind: 'ends' }
  | { readonly kind: 'do'; readonly name: string }
);

export interface DocScenario {
  readonly title: string;
  readonly steps: readonly DocStep[];
}

/** The commands of a block: logical lines without those that are only a comment. @throws for a mark that is not understood */
export function parseCommands(block: string): DocCommand[] {
  return block
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const mark = /\s# exit (\d+)\b.*$/.exec(line);
      if (mark === null && /# exit/.test(line)) throw new Error(`'${line}' marks no exit code that is a number`);
      return { text: mark === null ? line : line.slice(0, mark.index), exitCode: Number(mark?.[1] ?? 0) };
    });
}

/** Lines of a document with a position. */
class Reader {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#lines = text.split('\n');
  }

  /** Of the line that `next` gave last, from 1. */
  get line(): number {
    return this.#at;
  }

  next(): string | undefined {
    const line = this.#lines[this.#at];
    this.#at += 1;
    return line;
  }

  /** What lies before the next line that is exactly `end`. @throws where there is none */
  until(end: string): string {
    const from = this.#at;
    const found = this.#lines.indexOf(end, from);
    if (found === -1) throw new Error(`line ${from}: '${end}' is missing`);
    this.#at = found + 1;
    return this.#lines.slice(from, found).join('\n');
  }

  /** The content of a block that begins at the next line that is not empty, if its language is `language`. */
  takeBlock(language: string): string | undefined {
    let at = this.#at;
    while (this.#lines[at] === '') at += 1;
    if (this.#lines[at] !== `\`\`\`${language}`) return undefined;
    this.#at = at + 1;
    return this.until('```');
  }
}

/** What the comments before a block say about it. */
interface Marks {
  stays?: boolean;
  skip?: string;
  path?: string;
}

function readBlock(reader: Reader, language: string, marks: Marks): DocStep {
  const { line } = reader;
  const text = reader.until('```');
  if (marks.skip !== undefined) {
    reader.takeBlock('text');
    return { kind: 'skipped', line, reason: marks.skip, text };
  }
  if (language !== 'sh') return { kind: 'block', line, language, text, path: marks.path };
  return { kind: 'commands', line, commands: parseCommands(text), output: reader.takeBlock('text'), stays: marks.stays ?? false };
}

/** @returns a step of its own, or undefined when the comment is about the block that follows */
function readComment(line: number, comment: string, marks: Marks): DocStep | undefined {
  const [, word = '', value = ''] = /^(\w+)(?:: (.+))?$/.exec(comment) ?? [];
  switch (word) {
    case 'stays':
      marks.stays = true;
      return undefined;
    case 'ends':
      return { kind: 'ends', line };
    case 'skip':
      marks.skip = value;
      return undefined;
    case 'file':
      marks.path = value;
      return undefined;
    case 'env':
      return { kind: 'env', line, name: value.slice(0, value.indexOf('=')), value: value.slice(value.indexOf('=') + 1) };
    case 'do':
      return { kind: 'do', line, name: value };
    default:
      throw new Error(`line ${line}: '${comment}' is no mark`);
  }
}

function readSteps(reader: Reader, onHeading: (title: string) => void, onStep: (step: DocStep) => void): void {
  let marks: Marks = {};
  for (let text = reader.next(); text !== undefined; text = reader.next()) {
    const heading = /^## (.+)$/.exec(text)?.[1];
    const fence = /^```(\w*)$/.exec(text)?.[1];
    const comment = /^<!-- (.+) -->$/.exec(text)?.[1];
    if (heading !== undefined) onHeading(heading);
    if (text === '<!-- sh') {
      onStep({ kind: 'commands', line: reader.line, commands: parseCommands(reader.until('-->')), output: undefined, stays: false });
    } else if (comment !== undefined) {
      const step = readComment(reader.line, comment, marks);
      if (step !== undefined) onStep(step);
    } else if (fence !== undefined) {
      onStep(readBlock(reader, fence, marks));
      marks = {};
    }
  }
}

/** Every scenario of a Markdown document, in its order. @throws for a mark or a block that cannot be understood */
export function parseDocument(markdown: string): DocScenario[] {
  const scenarios: { title: string; steps: DocStep[] }[] = [{ title: 'before the first heading', steps: [] }];
  readSteps(
    new Reader(markdown),
    (title) => void scenarios.push({ title, steps: [] }),
    (step) => void scenarios.at(-1)?.steps.push(step),
  );
  return scenarios.filter(({ steps }) => steps.length > 0);
}

/** Rows of the tables under a heading (any level), cells without the marks for code. The header row is left out. */
export function tableRows(markdown: string, heading: string): string[][] {
  const start = markdown.search(new RegExp(`^#+ ${heading}$`, 'm'));
  if (start === -1) throw new Error(`there is no heading '${heading}'`);
  const body = markdown.slice(markdown.indexOf('\n', start));
  const end = body.search(/^##+ /m);
  const tables = (end === -1 ? body : body.slice(0, end)).matchAll(/^\|.*\n\|[- |]+\|\n((?:\|.*\n?)+)/gm);
  return [...tables]
    .flatMap(([, rows = '']) => rows.trim().split('\n'))
    .map((row) =>
      row
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

/** The texts in backquotes of a cell. */
export function codeSpans(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
}
