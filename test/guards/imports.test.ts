import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageOf, readAllSources, root, type SourceFile } from './source-tree.js';

const sources = readAllSources();

/** Who may import which of our files: the first row whose `from` matches a file decides. */
const REACH: readonly { from: RegExp; may: RegExp; why: string }[] = [
  { from: /^shared\/(?!node\/)/, may: /^shared\/(?!node\/)/, why: 'shared/ runs in the browser too; what needs Node is in shared/node/' },
  { from: /^shared\/node\//, may: /^shared\//, why: 'shared/ imports nothing but shared/' },
  { from: /^client\/library\//, may: /^client\/library\//, why: 'programs of others get it without the rest' },
  { from: /^client\//, may: /^(client|shared)\//, why: 'the client knows the daemon by messages, not by code' },
  { from: /^webui\//, may: /^(webui\/|shared\/(?!node\/))/, why: 'the page knows the daemon by its API' },
  { from: /^daemon\/supervisor\//, may: /^(daemon\/supervisor|shared)\//, why: 'the supervisor must not load what may fail' },
  { from: /^daemon\/fallback\//, may: /^(daemon\/fallback|shared)\//, why: 'the fallback must not load what may fail' },
  {
    from: /^daemon\/worker\/http\/routes\//,
    may: /^(daemon\/worker\/(?!store\/|socket\/)|shared\/)/,
    why: 'routes call services, never the store',
  },
  { from: /^daemon\/worker\/store\//, may: /^(daemon\/worker\/store|shared)\//, why: 'the store knows nobody above it' },
  { from: /^daemon\/worker\/providers\//, may: /^(daemon\/worker\/providers|shared)\//, why: 'providers know nobody above them' },
  {
    from: /^daemon\/worker\/(turns|chat|sessions|delivery|cron|models|config|observe|upkeep|files|tools|channels)\//,
    may: /^(daemon\/worker\/(?!http\/|socket\/)|shared\/)/,
    why: 'what the gateway does never sees a request',
  },
  { from: /^daemon\/worker\//, may: /^(daemon\/worker|shared)\//, why: 'the worker knows its supervisor by messages' },
  { from: /^bin\//, may: /^(bin|shared)\//, why: 'the entry loads the roles as bundles' },
];

const EDITOR = /^webui\/src\/views\/config\/file\//;

/** Each outside package belongs to one file or folder per process, so that it can be replaced there. */
const OWNERS: Record<string, RegExp> = {
  '@ai-sdk/anthropic': /^daemon\/worker\/providers\//,
  '@ai-sdk/google': /^daemon\/worker\/providers\//,
  '@ai-sdk/openai': /^daemon\/worker\/providers\//,
  '@ai-sdk/openai-compatible': /^daemon\/worker\/providers\//,
  '@codemirror/commands': EDITOR,
  '@codemirror/language': EDITOR,
  '@codemirror/lint': EDITOR,
  '@codemirror/search': EDITOR,
  '@codemirror/state': EDITOR,
  '@codemirror/view': EDITOR,
  '@lezer/highlight': EDITOR,
  '@koa/cors': /^daemon\/worker\/http\//,
  '@preact/signals': /^webui\/src\//,
  '@tanstack/virtual-core': /^webui\/src\/components\/virtual-list\/virtualizer\.ts$/,
  '@streamparser/json': /^daemon\/worker\/sessions\//,
  diff: /^shared\/text\/line-diff\.ts$/,
  'eventsource-parser': /^(client\/library|client\/api|daemon\/worker\/providers|webui\/src\/api)\//,
  'ipaddr.js': /^(daemon\/worker|shared\/node)\//,
  re2js: /^shared\/node\/log\/line-matcher\.ts$/,
  'string-width': /^client\/output\//,
  'tar-stream': /^client\/backup\//,
  '@agentclientprotocol/sdk': /^(client\/acp|daemon\/worker\/lazy)\//,
  '@modelcontextprotocol/client': /^daemon\/worker\/tools\/mcp\//,
  '@modelcontextprotocol/server': /^daemon\/worker\/http\/mcp\//,
  '@koa/router': /^daemon\/worker\/http\//,
  ai: /^daemon\/worker\/(providers|lazy)\//,
  chokidar: /^daemon\/supervisor\/config\/config-watch\.ts$/,
  clipanion: /^client\//,
  croner: /^daemon\/worker\/cron\//,
  cronstrue: /^daemon\/worker\/(cron|lazy)\//,
  esbuild: /^bin\/bundle\/(bundles|description|library)\.mjs$/,
  'highlight.js': /^webui\/src\/components\/markdown\/highlight\.ts$/,
  marked: /^(webui\/src\/components\/markdown\/.*|daemon\/worker\/channels\/telegram\/markdown-entities\.ts)$/,
  preact: /^webui\/src\//,
  vite: /^bin\/bundle\/page-pack\.mjs$/,
  execa: /^(client\/gateway\/start-supervisor|daemon\/supervisor\/workers\/child-process)\.ts$/,
  grammy: /^daemon\/worker\/channels\/telegram\//,
  'jsonc-parser': /^shared\/config\/jsonc\.ts$/,
  koa: /^daemon\/worker\/http\//,
  'koa-body': /^daemon\/worker\/http\//,
  kysely: /^daemon\/worker\/store\//,
  libsql: /^daemon\/worker\/store\//,
  'node-ipc': /^(client\/gateway\/control-client|daemon\/supervisor\/control\/control-server)\.ts$/,
  pg: /^daemon\/worker\/store\/postgres\/driver\.ts$/,
  picocolors: /^client\//,
  postject: /^bin\/build-binary\.mjs$/,
  pino: /^shared\/node\/log\/logger\.ts$/,
  'prom-client': /^daemon\/worker\/(lazy|http\/observe)\//,
  'rate-limiter-flexible': /^daemon\/worker\/http\//,
  standardwebhooks: /^daemon\/worker\/channels\/webhook\//,
  tail: /^shared\/node\/log\/followed-file\.ts$/,
  ws: /^daemon\/worker\/(socket|lazy)\//,
  zod: /^(shared\/(api|config)|daemon\/worker\/channels\/telegram\/api)\//,
};

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
  'devDependencies' | 'optionalDependencies',
  Record<string, string>
>;

function forbiddenImports(file: SourceFile): string[] {
  const rule = REACH.find(({ from }) => from.test(file.path));
  if (rule === undefined) return [`${file.path} lies in no known part of the tree`];
  return file.imports
    .filter(({ target }) => target !== undefined && !rule.may.test(target))
    .map(({ target }) => `${file.path} imports ${target}: ${rule.why}`);
}

test('every file imports only what its part of the tree may know', () => {
  expect(sources.length).toBeGreaterThan(10);
  expect(sources.flatMap(forbiddenImports)).toEqual([]);
});

test('every relative import names an existing file and ends in .js', () => {
  const broken = sources.flatMap((file) =>
    file.imports
      .filter(({ target }) => target !== undefined && !target.startsWith('dist/'))
      .filter(({ specifier, target = '' }) => !/\.(js|mjs|cjs|css|json)$/.test(specifier) || !existsSync(join(root, target)))
      .map(({ specifier }) => `${file.path} imports ${specifier}`),
  );
  expect(broken).toEqual([]);
});

test('each outside package is imported by its owner only', () => {
  const strangers = sources.flatMap((file) =>
    file.imports
      // The page takes the types of the API's schemas, never the package.
      .filter(({ specifier, isTypeOnly }) => !(isTypeOnly && specifier === 'zod'))
      .map(({ specifier }) => packageOf(specifier))
      .filter((name) => name !== undefined && !isBuiltin(name))
      .filter((name = '') => !OWNERS[name]?.test(file.path))
      .map(
        (name = '') =>
          `${file.path} imports ${name}, which ${OWNERS[name] === undefined ? 'has no owner' : `belongs to ${OWNERS[name].source}`}`,
      ),
  );
  expect(strangers).toEqual([]);
});

test('each owned package is installed for the build, and at run time only the native part of the database', () => {
  expect(Object.keys(OWNERS).filter((name) => manifest.devDependencies[name] === undefined)).toEqual([]);
  const libsql = JSON.parse(readFileSync(join(root, 'node_modules', 'libsql', 'package.json'), 'utf8')) as typeof manifest;
  expect(manifest.optionalDependencies).toEqual(libsql.optionalDependencies);
});

test('built-in modules are named with node:, except in the launcher, which must run on a Node that is too old', () => {
  const misnamed = sources.flatMap((file) =>
    file.imports
      .filter(({ specifier }) => isBuiltin(specifier) && specifier.startsWith('node:') === (file.path === 'bin/xopc.mjs'))
      .map(({ specifier }) => `${file.path} imports ${specifier}`),
  );
  expect(misnamed).toEqual([]);
});

test('what runs in the browser imports nothing of Node', () => {
  const inBrowser = sources.filter(({ path }) => /^(client\/library\/|shared\/(?!node\/)|webui\/src\/)/.test(path));
  const found = inBrowser.flatMap((file) =>
    file.imports.filter(({ specifier }) => isBuiltin(specifier)).map(({ specifier }) => `${file.path} imports ${specifier}`),
  );
  expect(found).toEqual([]);
});
