import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJsonc } from '../../../../shared/config/jsonc.js';
import { editJsonc } from '../../../../shared/config/jsonc-edit.js';
import { mergePatchEdits } from '../../../../daemon/worker/config/merge-patch.js';
import { maskSecrets } from '../../../../shared/config/secrets.js';

type Fields = Record<string, unknown>;

function apply(text: string, patch: Fields): string {
  return editJsonc(text, mergePatchEdits(parseJsonc(text).value as Fields, patch));
}

/** The examples of RFC 7396, appendix A, whose target is an object. */
const examples: [Fields, Fields, Fields][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

test.each(examples)('%j patched with %j is %j', (target, patch, expected) => {
  expect(JSON.parse(apply(JSON.stringify(target), patch))).toEqual(expected);
});

const TEXT = `{
  // who we are
  "gateway": { "port": 1, "auth": { "api_key": "0123456789abcdef-7890" } }, // ours
  "channels": {
    "webhook": { "accounts": { "a": { "url": "https://hooks.example/T0/B0/secret-path", "secret": "short" } } }
  },
  "providers": { "p": { "baseUrl": "https://me:pw@host/v1", "apiKey": "\${KEY}", "headers": { "X-Org": "org-1234567890abc" } } }
}
`;

test('secrets are shown as masks, with a hint only where they are long; references and the rest as they are', () => {
  const masked = maskSecrets(parseJsonc(TEXT).value);
  expect(masked).toEqual({
    gateway: { port: 1, auth: { api_key: { $secret: true, hint: '…7890' } } },
    channels: { webhook: { accounts: { a: { url: { $secret: true, hint: '…path' }, secret: { $secret: true, hint: '…' } } } } },
    providers: {
      p: { baseUrl: { $secret: true, hint: '…t/v1' }, apiKey: '${KEY}', headers: { 'X-Org': { $secret: true, hint: '…0abc' } } },
    },
  });
});

test('what is shown, sent back whole, changes not a byte', () => {
  expect(apply(TEXT, maskSecrets(parseJsonc(TEXT).value) as Fields)).toBe(TEXT);
});

test('a change leaves comments and masked secrets where they are', () => {
  const shown = maskSecrets(parseJsonc(TEXT).value) as { gateway: Fields };
  const text = apply(TEXT, { ...shown, gateway: { ...shown.gateway, port: 2 } });
  expect(text).toBe(TEXT.replace('"port": 1', '"port": 2'));
});

test.each([
  ['where no secret is', { gateway: { auth: { other: { $secret: true, hint: '…' } } } }],
  ['in place of an object', { gateway: { $secret: true } }],
  ['inside something new', { fresh: { token: { $secret: true, hint: '…' } } }],
  ['that was damaged, inside a list', { list: [{ $secret: false }] }],
])('a mask %s is refused', (_where, patch) => {
  expect(() => apply(TEXT, patch)).toThrow(/no secret is stored there/);
});

test('a mask in a list stands for the secret at its place, and is refused once the items have moved', () => {
  const text = '{"items":[{"token":"aaaaaaaaaaaaaaaa1111"},{"token":"bbbbbbbbbbbbbbbb2222"}]}';
  const shown = maskSecrets(JSON.parse(text)) as { items: Fields[] };
  expect(apply(text, shown)).toBe(text);
  expect(JSON.parse(apply(text, { items: [...shown.items, { token: 'new' }] }))).toMatchObject({
    items: [{ token: 'aaaaaaaaaaaaaaaa1111' }, {}, { token: 'new' }],
  });
  expect(() => apply(text, { items: shown.items.toReversed() })).toThrow(/no secret is stored there/);
});

test('no secret value ever appears in what is shown, and what is shown sent back is the document', () => {
  const key = fc.constantFrom('apiKey', 'token', 'botToken', 'secret', 'api_key', 'name', 'port', 'headers', 'items');
  const secret = fc.string({ minLength: 24, maxLength: 40 }).map((text) => `S3CR3T${text}`);
  const document = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      fc.constant('plain'),
      fc.integer(),
      fc.boolean(),
      fc.dictionary(key, tie('node'), { maxKeys: 4 }),
      fc.array(tie('node'), { maxLength: 3 }),
    ),
  })).node;
  const withSecrets = fc
    .tuple(fc.dictionary(key, document, { maxKeys: 5 }), secret, secret)
    .map(([fields, first, second]) => ({ ...fields, apiKey: first, nested: { headers: { a: second } } }));
  fc.assert(
    fc.property(withSecrets, (fields) => {
      const text = JSON.stringify(fields, null, 2);
      const shown = maskSecrets(fields) as Fields;
      expect(JSON.stringify(shown)).not.toContain('S3CR3T');
      expect(apply(text, shown)).toBe(text);
    }),
    { numRuns: 200 },
  );
});

test('a change of one value, sent with all that is shown, keeps every comment and every secret wherever they are', () => {
  const name = fc.constantFrom('apiKey', 'token', 'name', 'port', 'headers', 'a', 'b');
  const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.string({ minLength: 20, maxLength: 30 }));
  const tree = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof({ maxDepth: 3 }, leaf, fc.dictionary(name, tie('node'), { maxKeys: 4 })),
  })).node;
  fc.assert(
    fc.property(fc.dictionary(name, tree, { maxKeys: 5 }), fc.integer(), (fields, value) => {
      const document = { ...fields, changed: { deep: -1 } };
      const plain = JSON.stringify(document, null, 2);
      const comments = plain.split('\n').map((_line, index) => `// note ${index}.`);
      const text = plain
        .split('\n')
        .map((line, index) => `${line} ${comments[index]}`)
        .join('\n');
      const shown = maskSecrets(document) as Fields;
      const after = apply(text, { ...shown, changed: { deep: value } });
      expect(parseJsonc(after).value).toEqual({ ...document, changed: { deep: value } });
      for (const comment of comments) expect(after).toContain(comment);
    }),
    { numRuns: 200 },
  );
});
