import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { listFiles, root } from './source-tree.js';

const documents = [
  ...listFiles('docs', /\.md$/),
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'].filter((name) => existsSync(join(root, name))),
];
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');

/** A heading's anchor, as code hosts make it. */
function anchorsOf(path: string): string[] {
  const headings = read(path)
    .replace(/^```[\s\S]*?^```/gm, '')
    .matchAll(/^#{1,6} +(.+)$/gm);
  return [...headings].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

function isBroken(document: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : join(dirname(document), path);
  if (!existsSync(join(root, target))) return true;
  return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor);
}

test('every link between documents leads somewhere', () => {
  const broken = documents.flatMap((document) =>
    [...withoutCode(read(document)).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link) && isBroken(document, link))
      .map((link) => `${document}: ${link}`),
  );
  expect(documents.length).toBeGreaterThan(0);
  expect(broken).toEqual([]);
});

test('every npm script that a document names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = documents.flatMap((document) =>
    [...read(document).matchAll(/\bnpm run ([a-z:]+)/g)].map(([, script = '']) => ({ document, script })),
  );
  expect(named.filter(({ script }) => !Object.hasOwn(scripts, script))).toEqual([]);
});

test('no document installs the package by its name: no registry has it, and a stranger could register it', () => {
  const byName = documents.flatMap((document) =>
    [...read(document).matchAll(/\b(?:npm|pnpm|yarn|bun) (?:i|install|add|exec)\b[^\n#`]* xopc(?![-./\w]).*/g)].map(
      ([found]) => `${document}: ${found}`,
    ),
  );
  expect(byName).toEqual([]);
});

const wordsOf = (text: string): Set<string> => new Set(text.toLowerCase().match(/[\w./-]+/g));
/** The share of the words of two texts that both have. */
function alike(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const both = [...a].filter((word) => b.has(word)).length;
  return both / (a.size + b.size - both);
}

test('no line of the changelog is there twice, in other words', () => {
  const lines = [...read('CHANGELOG.md').matchAll(/^- (.+)/gm)].map(([, text = '']) => ({ text, words: wordsOf(text) }));
  const doubled = lines.flatMap(({ text, words }, index) =>
    lines.slice(index + 1).flatMap((other) => (alike(words, other.words) > 0.55 ? [[text, other.text]] : [])),
  );
  expect(lines.length).toBeGreaterThan(10);
  expect(doubled).toEqual([]);
});

test('decisions are numbered without gaps and have a status', () => {
  const names = listFiles('docs/adr', /\.md$/)
    .map((path) => path.split('/').at(-1) ?? '')
    .toSorted();
  expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, index) => index + 1));
  for (const [index, name] of names.entries()) {
    const text = read(`docs/adr/${name}`);
    expect(text).toMatch(new RegExp(`^# ${index + 1}\\. .+\\n\\nStatus: (accepted|superseded by \\[\\d{4}\\])`));
  }
});
