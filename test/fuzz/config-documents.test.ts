import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergePatchEdits } from '../../daemon/worker/config/merge-patch.js';
import { maskText, restoreText } from '../../daemon/worker/config/secret-text.js';
import { parseJsonc } from '../../shared/config/jsonc.js';
import { editJsonc } from '../../shared/config/jsonc-edit.js';
import { formatKey, parseKey, valueAt } from '../../shared/config/key-path.js';
import { modelsSchema } from '../../shared/config/models-schema.js';
import { findSecrets, maskSecrets } from '../../shared/config/secrets.js';
import { configJsonSchema, validateConfig, validateModels } from '../../shared/config/validate.js';
import { toJsonSchema } from '../../shared/api/json-schema.js';
import { formatProblem, GatewayError } from '../../shared/errors.js';
import { parseConfigText } from '../../shared/node/config/config-text.js';
import { fuzz } from './fuzz.js';
import { oddText, oddValue, valueOf } from './values.js';

const known = [
  'main',
  'openai',
  'ollama',
  'fake',
  '${HOME}',
  '${XOPC_FUZZ_UNSET}',
  'http://127.0.0.1:9',
  'Europe/Berlin',
  '10.0.0.0/8',
  '/base',
];
const configOf = (legalPerOdd: number) => valueOf(configJsonSchema(), { known, legalPerOdd });
const modelsOf = (legalPerOdd: number) => valueOf(toJsonSchema(modelsSchema, 'input'), { known, legalPerOdd });

/** A text that is written as people do: with comments, other indents, a byte order mark. */
const written = (value: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc
    .record({
      value,
      indent: fc.constantFrom(undefined, 2, 4, '\t'),
      comment: fc.constantFrom('', '// a comment\n', '/* a { "comment" : */'),
      eol: fc.constantFrom('\n', '\r\n'),
      bom: fc.constantFrom('', '', '\uFEFF'),
    })
    .map(({ value: json, indent, comment, eol, bom }) => `${bom}${comment}${JSON.stringify(json, null, indent)}`.replaceAll('\n', eol));

/** A text with a piece taken out, put in twice, or replaced. */
const damaged = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(text, fc.nat(), fc.nat(12), oddText()).map(([whole, place, length, other]) => {
    const at = whole.length === 0 ? 0 : place % whole.length;
    return whole.slice(0, at) + other + whole.slice(at + length);
  });

test('any text is a valid configuration, or its problems are named with their places', () =>
  fuzz(20, () => {
    const text = fc.oneof(
      written(configOf(0)),
      written(configOf(15)),
      written(modelsOf(8)),
      written(oddValue()),
      damaged(written(configOf(30))),
      fc.string({ unit: 'binary' }),
    );
    return fc.property(text, (source) => {
      const document = parseConfigText(source, 'config.json');
      for (const validate of [validateConfig, validateModels]) {
        const { value, problems, warnings } = validate(document);
        expect(value === undefined).toBe(problems.length > 0);
        for (const problem of [...problems, ...warnings]) {
          expect(problem.line).toBeGreaterThan(0);
          // Without the values that it quotes, which may be any text.
          const words = formatProblem(problem).replaceAll(/"(?:[^"\\]|\\.)*"|'.*?'(?= |$)/g, '');
          expect(words).not.toMatch(/Invalid input|nonoptional|\[object|zod|TypeError/i);
        }
      }
    });
  }));

const key = fc.oneof(
  fc.constantFrom('a', 'b', 'name', 'x.y', 'x y', '0', 'é', '"', '\\', 'hasOwnProperty'),
  fc.string({ minLength: 1, maxLength: 6 }),
);
const isAllowed = (name: string): boolean => !['__proto__', 'constructor', 'prototype'].includes(name);
const tree = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.dictionary(key.filter(isAllowed), tie('node'), { maxKeys: 4, noNullPrototype: true }),
    fc.array(tie('node'), { maxLength: 3 }),
  ),
})).node;
const object = fc.dictionary(key.filter(isAllowed), tree, { maxKeys: 5, noNullPrototype: true });

/** RFC 7396; in the objects of a list, too, a null removes what it names. */
function patched(current: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return patch.map((item) => patched(undefined, item));
  if (typeof patch !== 'object' || patch === null) return patch;
  const base = typeof current === 'object' && current !== null && !Array.isArray(current) ? current : {};
  const result = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, patched(result.get(name), value));
  }
  return Object.fromEntries(result);
}

/** Writes an object with a comment at each of its lines. */
const withComments = (value: unknown): string =>
  JSON.stringify(value, null, 2)
    .split('\n')
    .map((line, index) => `${line} // comment ${index} of ours`)
    .join('\n');

const commentsIn = (text: string): string[] => text.match(/\/\/ comment \d+ of ours/g) ?? [];

test('a patch of a text gives what RFC 7396 says, and keeps the comments at what it does not name', () =>
  fuzz(300, () =>
    fc.property(object, object, (current, patch) => {
      const text = withComments(current);
      const edits = mergePatchEdits(current, patch);
      const after = editJsonc(text, edits);
      const { value, problems } = parseJsonc(after);
      expect(problems, after).toEqual([]);
      expect(value).toEqual(patched(current, patch));
      // Each value that stays has kept the comment at its line.
      const names = Object.keys(current).filter((name) => !(name in patch));
      const lines = after.split('\n');
      for (const name of names) {
        const line = lines.find((one) => one.startsWith(`  ${JSON.stringify(name)}: `));
        expect(line, after).toBeDefined();
      }
      if (edits.length === 0) expect(commentsIn(after)).toEqual(commentsIn(text));
      expect(mergePatchEdits(value as Record<string, unknown>, patch)).toEqual([]);
    }),
  ));

test('the name of a key reads as the key', () =>
  fuzz(300, () =>
    fc.property(fc.array(fc.oneof(key, fc.nat(1_000)), { minLength: 1, maxLength: 4 }), oddText(), (path, text) => {
      const normal = path.map((segment) => (typeof segment === 'string' && /^\d{1,9}$/.test(segment) ? Number(segment) : segment));
      const hasForbidden = path.some((segment) => !isAllowed(String(segment)));
      if (hasForbidden) expect(() => parseKey(formatKey(path))).toThrow(GatewayError);
      else
        expect(parseKey(formatKey(path)).map((segment) => (/^\d{1,9}$/.test(String(segment)) ? Number(segment) : segment))).toEqual(normal);
      try {
        parseKey(text);
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError);
      }
    }),
  ));

const secretName = fc.constantFrom('apiKey', 'api_key', 'token', 'botToken', 'secret', 'password', 'X-Token');
const secret = fc
  .oneof(fc.stringMatching(/^[A-Za-z0-9_-]{20,40}$/), fc.string({ unit: 'grapheme', minLength: 20, maxLength: 40 }))
  .map((text) => `S3CR3T${text}`);
const secretTree = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>('plain', 1, true),
    fc.dictionary(key.filter(isAllowed), tie('node'), { maxKeys: 3, noNullPrototype: true }),
    fc.dictionary(secretName, secret, { minKeys: 1, maxKeys: 2, noNullPrototype: true }),
    fc.record(
      { headers: fc.dictionary(fc.constantFrom('X-A', 'Authorization'), secret, { noNullPrototype: true }) },
      { noNullPrototype: true },
    ),
    fc.array(tie('node'), { maxLength: 2 }),
  ),
})).node;
const withSecrets = fc.dictionary(key.filter(isAllowed), secretTree, { minKeys: 1, maxKeys: 4, noNullPrototype: true });

test('no secret is in a masked document or text, also in a damaged one, and each comes back', () =>
  fuzz(200, () =>
    fc.property(withSecrets, fc.nat(), fc.constantFrom('', '}', '"', ',', ':', '[', '\n'), (document, place, junk) => {
      expect(JSON.stringify(maskSecrets(document))).not.toContain('S3CR3T');
      const text = withComments(document);
      const masked = maskText(text);
      expect(masked).not.toContain('S3CR3T');
      expect(restoreText(masked, text)).toEqual({ text, problems: [] });
      const commented = `${JSON.stringify(document, null, 2).replaceAll(/^/gm, '// ')}\n{}`;
      expect(maskText(commented)).not.toContain('S3CR3T');
      expect(restoreText(maskText(commented), commented)).toEqual({ text: commented, problems: [] });
      expect(mergePatchEdits(document, maskSecrets(document) as Record<string, unknown>)).toEqual([]);
      const at = place % text.length;
      const broken = text.slice(0, at) + junk + text.slice(at);
      expect(maskText(broken, findSecrets(document))).not.toMatch(/S3CR3T\S{8}/);
    }),
  ));

const words = [
  'token=',
  'authorization: ',
  '"secret": "',
  '"',
  "'",
  'Bearer ',
  '[redacted \u2026]',
  'a1b2c3d4e5f6',
  '://u:',
  '@',
  '{',
  '\\',
  '*/',
  '\n//',
  ' ',
];

test('comments come back as they were, whatever is in them', () =>
  fuzz(500, () =>
    fc.property(fc.array(fc.constantFrom(...words, '-----BEGIN PRIVATE KEY-----'), { maxLength: 30 }), fc.boolean(), (parts, isBlock) => {
      const inner = isBlock ? parts.join('').replaceAll('*/', '') : parts.join('');
      const text = isBlock ? `{ /*${inner}*/ "a": 1 }` : `{ //${inner}\n"a": 1 }`;
      const masked = maskText(text, ['a1b2c3d4e5f6']);
      expect(masked).not.toContain('a1b2c3d4e5f6');
      expect(restoreText(masked, text, ['a1b2c3d4e5f6'])).toEqual({ text, problems: [] });
    }),
  ));

test('a value is found where its key says', () =>
  fuzz(200, () =>
    fc.property(object, (document) => {
      const text = withComments(document);
      const { value, problems, locate } = parseJsonc(text);
      expect(problems).toEqual([]);
      expect(value).toEqual(document);
      for (const [name, item] of Object.entries(document)) {
        expect(valueAt(value, [name])).toEqual(item);
        const { line } = locate([name], 'key');
        expect(text.split('\n')[line - 1]).toContain(JSON.stringify(name));
      }
    }),
  ));
