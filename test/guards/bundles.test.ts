import { beforeAll, expect, test } from 'vitest';
import { bundleClient } from '../../bin/bundle/library.mjs';
import { bundleSources } from '../../bin/bundle/bundles.mjs';
import { packageOf, readSource, root } from './source-tree.js';

/** By bundle, what went into it: path → bytes. */
let inputs: Record<string, Record<string, { bytesInOutput: number }>> = {};
let texts: Record<string, string> = {};

beforeAll(async () => {
  const built = (await bundleSources(root)) as unknown as { inputs: typeof inputs; outputs: { name: string; contents: string }[] };
  ({ inputs } = built);
  texts = Object.fromEntries(built.outputs.map(({ name, contents }) => [name, contents]));
}, 60_000);

function bytesOf(bundle: string, pattern: RegExp): number {
  return Object.entries(inputs[`${bundle}.cjs`] ?? {})
    .filter(([path]) => pattern.test(path))
    .reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
}

function packagesOf(bundle: string): string[] {
  const names = Object.keys(inputs[`${bundle}.cjs`] ?? {}).map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

test.each([
  ['main', /./],
  ['fallback', /./],
  ['client', /^(zod|koa|pino|libsql|kysely|ai|ws|chokidar|execa)$|^@(koa|ai-sdk|libsql)\//],
  ['tools', /^(koa|pino|libsql|kysely|ai|ws|chokidar)$|^@(koa|ai-sdk|libsql)\//],
  ['supervisor', /^(zod|koa|libsql|kysely|ai|ws|clipanion)$|^@(koa|ai-sdk|libsql)\//],
  ['worker', /^(ai|clipanion|chokidar|node-ipc|grammy|pg|pg-.*|prom-client|ws)$|^@ai-sdk\//],
])('%s.cjs is free of what its process must not load', (bundle, forbidden) => {
  expect(Object.keys(inputs)).toContain(`${bundle}.cjs`);
  expect(packagesOf(bundle).filter((name) => forbidden.test(name))).toEqual([]);
});

test('no bundle has a dynamic import, which fails in code compiled from cached data', () => {
  const found = Object.entries(texts).flatMap(([name, text]) =>
    [...text.matchAll(/\bimport\(["'][^)]*\)/g)].map(([call]) => `${name}: ${call}`),
  );
  expect(found).toEqual([]);
});

test('there are at most ten bundles', () => {
  expect(Object.keys(inputs).length).toBeLessThanOrEqual(10);
});

test('the client for programs is small, loads nothing, and is in no bundle of the gateway', async () => {
  expect(Object.values(inputs).flatMap((bundle) => Object.keys(bundle).filter((path) => path.startsWith('client/library/')))).toEqual([]);
  const client = await bundleClient(root, {}, 'esm');
  expect(client.length / 1024).toBeLessThan(8);
  expect(client).not.toMatch(/\brequire\(|\bimport[\s("'{]/);
});

/** Kilobytes of source that each process loads at its start; a rise is a decision, not an accident. */
test.each([
  ['main', 9],
  ['client', 190],
  ['tools', 856],
  ['supervisor', 368],
  ['worker', 1_600],
  ['fallback', 34],
  ['ai', 850],
  ['late', 565],
  ['mcp', 595],
  ['database', 352],
])('%s.cjs stays below %i KB', (bundle, limit) => {
  expect(bytesOf(bundle, /./) / 1024).toBeLessThan(limit);
  expect(bytesOf(bundle, /./)).toBeGreaterThan(0);
});

/** The replacements of bin/bundle/bundles.mjs and bin/bundle/bundle-stubs.mjs: the package is there, and what is left out is not. */
test.each([
  ['worker', 'koa-body', /formidable\/(src|dist)\/(?!index\.)/],
  ['worker', 'koa-body', /iconv-lite\/encodings\//],
  ['worker', 'koa', /node_modules\/.+\/node_modules\/mime-(db|types)\//],
  ['worker', 'zod', /\/zod\/v4\/locales\/(?!en\.|index\.)/],
  ['ai', 'zod', /\/zod\/v4\/locales\/(?!en\.|index\.)/],
  ['worker', 'libsql', /@neon-rs\/load/],
])('%s.cjs has %s without what it never uses', (bundle, name, leftOut) => {
  expect(packagesOf(bundle)).toContain(name);
  expect(bytesOf(bundle, leftOut)).toBe(0);
});

test('the build describes the API: no bundle has the code for it', () => {
  for (const path of Object.values(inputs).flatMap((bundle) => Object.keys(bundle))) expect(path).not.toContain('/http/openapi/');
});

test('worker.cjs reads no stack when it is loaded', () => {
  expect(packagesOf('worker')).toContain('depd');
  expect(bytesOf('worker', /\/depd\//)).toBeLessThan(500);
});

test.each(['client', 'tools', 'supervisor'])('the control socket of %s.cjs brings no TLS and no UDP along', (bundle) => {
  expect(packagesOf(bundle)).toContain('node-ipc');
  expect(bytesOf(bundle, /^left-out:/)).toBeGreaterThan(0);
});

test.each(['client', 'tools'])('%s.cjs opens standard input only where a command reads it', (bundle) => {
  expect(packagesOf(bundle)).toContain('clipanion');
  expect(texts[`${bundle}.cjs`]).toMatch(/defaultContext=\{env:process\.env,stdin:void 0,/);
});

test.each([
  ['worker', 'debug'],
  ['late', 'grammy'],
])('%s.cjs looks for no localStorage, of which Node 26 warns, as its package %s would', (bundle, name) => {
  expect(packagesOf(bundle)).toContain(name);
  expect(texts[`${bundle}.cjs`]).not.toContain('localStorage');
});

test('the entry of mcp.cjs loads no package, so that a server starts while the SDK is loaded', () => {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { specifier, target, isTypeOnly, isLazy } of readSource(path).imports) {
      if (isTypeOnly || isLazy) continue;
      if (target !== undefined) visit(target);
      else packages.add(packageOf(specifier) ?? 'node');
    }
  };
  visit('daemon/worker/lazy/mcp.ts');
  expect([...packages]).toEqual(['node']);
});
