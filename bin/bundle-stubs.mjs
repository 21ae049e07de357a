/**
 * What the bundles leave out of their dependencies: code that this project never reaches but that would cost start-up
 * time and memory in every process. Each entry says why it is safe; test/guards/bundles.test.ts sees that each takes effect.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Whole modules, by package path, and what stands in their place. */
const REPLACED = [
  {
    // Error messages in 50 languages; the English ones are what the API answers with.
    filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.(js|cjs)$/,
    contents: "export { default as en } from './en.js';",
  },
  {
    // Schemas are written in zod; none is made from a JSON Schema. 12 KB.
    filter: /[\\/]zod[\\/]v4[\\/]classic[\\/]from-json-schema\.(js|cjs)$/,
    contents: 'export const fromJSONSchema = undefined;',
  },
  {
    // Uploads by form: the JSON API accepts none.
    filter: /[\\/]formidable[\\/](src|dist)[\\/]index\.(js|cjs)$/,
    contents: "export default function formidable() { throw new Error('multipart bodies are not built in'); }",
  },
  {
    // Form bodies: co-body loads their parser although it is only asked for JSON.
    filter: /[\\/]qs[\\/]lib[\\/]index\.js$/,
    contents: "exports.parse = () => { throw new Error('form bodies are not built in'); };",
  },
  {
    // JSON is UTF-8 (RFC 8259, section 8.1); raw-body answers 415 where the decoder says that it knows no other charset.
    filter: /[\\/]iconv-lite[\\/]lib[\\/]index\.js$/,
    contents: `
      const { StringDecoder } = require('node:string_decoder');
      const isUtf8 = (encoding) => /^utf-?8$/i.test(encoding);
      exports.encodingExists = isUtf8;
      exports.getDecoder = (encoding) => {
        if (!isUtf8(encoding)) throw new Error('Encoding not recognized: ' + encoding);
        return new StringDecoder('utf8');
      };`,
  },
  {
    // Warnings for callers of old interfaces of koa's parts, of which there are none here.
    filter: /[\\/]depd[\\/]index\.js$/,
    contents: 'module.exports = () => Object.assign(() => {}, { function: (given) => given, property: () => {} });',
  },
  {
    // Vercel's hosted model router: models are named with a provider of our own, never by a bare string.
    filter: /[\\/]@ai-sdk[\\/]gateway[\\/]dist[\\/]index\.(js|mjs)$/,
    contents: `
      const refuse = () => { throw new Error('a model must come from a configured provider'); };
      export const gateway = Object.assign(refuse, { languageModel: refuse, embeddingModel: refuse, textEmbeddingModel: refuse, imageModel: refuse });
      export const createGateway = () => gateway;
      export class GatewayError extends Error { static isInstance() { return false; } }
      export class GatewayAuthenticationError extends GatewayError {}`,
  },
  {
    // Finds the platform by a diagnostic report of the process, 20 ms; the loader below knows it.
    filter: /[\\/]@neon-rs[\\/]load[\\/]dist[\\/]index\.(js|cjs)$/,
    contents: 'exports.load = exports.currentTarget = undefined;',
  },
  {
    filter: /[\\/]detect-libc[\\/]lib[\\/]detect-libc\.js$/,
    contents: 'exports.familySync = undefined; exports.GLIBC = exports.MUSL = undefined;',
  },
];

/** The packages that may hold libsql's native part here; of the two C libraries of Linux only the right one loads. */
export function libsqlPackages({ platform, arch }) {
  const eabi = arch === 'arm' ? 'eabihf' : '';
  const abis = platform === 'linux' ? [`gnu${eabi}`, `musl${eabi}`] : platform === 'win32' ? ['msvc'] : [''];
  return abis.map((abi) => `@libsql/${[platform, arch, abi].filter(Boolean).join('-')}`);
}

const packageRoot = fileURLToPath(new URL('..', import.meta.url));

/** A module of ours that libsql imports as if it were its own. */
const sharedModule = (name) => fileURLToPath(new URL(`../shared/node/build/${name}.ts`, import.meta.url));

/**
 * A loader of 1 ms for libsql's native part, which its two interfaces share: in the single executable its asset; elsewhere first the copy that the
 * build puts beside the bundles, which an upgrade of `node_modules` under a running gateway does not touch, then the
 * installed package.
 */
const NATIVE_LOADER = `
const libsqlPackages = ${libsqlPackages.toString()};
const { isSingleExecutable } = require(${JSON.stringify(sharedModule('single-executable'))});
const { loadNativeAsset } = require(${JSON.stringify(sharedModule('native-asset'))});
function requireNative() {
  if (isSingleExecutable()) return loadNativeAsset('libsql.node');
  let reason;
  for (const name of ['./libsql.node', ...libsqlPackages(process)]) {
    try { return require(name); } catch (error) { reason = error; }
  }
  throw reason;
}
module.exports = requireNative();
`;

/** Of the 2,500 media types of mime-db (three copies of 140 KB), those that the API and the page's files have. */
const MEDIA_TYPES = [
  'application/javascript',
  'application/json',
  'application/manifest+json',
  'application/octet-stream',
  'application/x-www-form-urlencoded',
  'application/xml',
  'font/woff2',
  'image/png',
  'image/svg+xml',
  'image/vnd.microsoft.icon',
  'image/webp',
  'image/x-icon',
  'multipart/form-data',
  'text/css',
  'text/event-stream',
  'text/html',
  'text/javascript',
  'text/plain',
  'text/xml',
];

function pickMediaTypes(source) {
  const all = JSON.parse(source);
  return JSON.stringify(Object.fromEntries(MEDIA_TYPES.filter((type) => type in all).map((type) => [type, all[type]])));
}

const NATIVE_MODULE = 'libsql-native';

function patchLibsql(source) {
  const loader = `const requireNative = () => require(${JSON.stringify(NATIVE_MODULE)});\n`;
  const patched = source.replace(/function requireNative\(\) \{[\s\S]*?\n\}\n/, loader);
  if (patched === source) throw new Error('libsql has changed: bin/bundle-stubs.mjs no longer finds requireNative()');
  return patched;
}

/**
 * node-ipc loads TLS and UDP for its network modes, 3 ms of every command. The control socket is a local one: these are
 * reached by no call that its owners make.
 */
const IPC_TRANSPORTS = { importer: /[\\/]node-ipc[\\/]/, filter: /^(node:)?(tls|dgram)$/ };

/** node-ipc asks for the network interfaces each time it is configured, for its network mode. */
function patchIpcDefaults(source) {
  const patched = source.replace('IPType=getIPType();', "IPType='';");
  if (patched === source) throw new Error('node-ipc/entities/Defaults.js has changed: bin/bundle-stubs.mjs no longer finds IPType');
  return patched;
}

/** clipanion opens all three standard streams when it is loaded, 3 ms; our commands always get theirs from us. */
function patchClipanion(source) {
  const patched = source.replace(/Cli\.defaultContext = \{[\s\S]*?\n\};/, 'Cli.defaultContext = { env: {}, colorDepth: 1 };');
  if (patched === source) throw new Error('clipanion/lib/advanced/Cli has changed: bin/bundle-stubs.mjs no longer finds defaultContext');
  return patched;
}

/** picocolors opens stdout to see whether it is a terminal; ours are made for the stream that each is to colour. */
function patchPicocolors(source) {
  const patched = source.replace('(p.stdout || {}).isTTY', 'false');
  if (patched === source) throw new Error('picocolors has changed: bin/bundle-stubs.mjs no longer finds p.stdout');
  return patched;
}

/** Koa's helper asks for fs.ReadStream when it is loaded, which makes Node load all of its file streams, 1.5 ms. */
function patchDestroy(source) {
  const patched = source
    .replace(/^var ReadStream = .*\n/m, '')
    .replace('stream instanceof ReadStream', "stream instanceof require('node:fs').ReadStream");
  if (!patched.includes("instanceof require('node:fs')") || patched.includes('var ReadStream'))
    throw new Error('destroy has changed: bin/bundle-stubs.mjs no longer finds ReadStream');
  return patched;
}

/** The esbuild plugin. */
export function bundleStubs() {
  return {
    name: 'bundle-stubs',
    setup(build) {
      for (const { filter, contents } of REPLACED) build.onLoad({ filter }, () => ({ contents, loader: 'js' }));
      build.onLoad({ filter: /[\\/]libsql[\\/](index|promise)\.js$/ }, ({ path }) => {
        return { contents: patchLibsql(readFileSync(path, 'utf8')), loader: 'js' };
      });
      build.onResolve({ filter: new RegExp(`^${NATIVE_MODULE}$`) }, ({ path }) => ({ path, namespace: NATIVE_MODULE }));
      build.onLoad({ filter: /.*/, namespace: NATIVE_MODULE }, () => ({ contents: NATIVE_LOADER, loader: 'js', resolveDir: packageRoot }));
      build.onLoad({ filter: /[\\/]node-ipc[\\/]entities[\\/]Defaults\.js$/ }, ({ path }) => {
        return { contents: patchIpcDefaults(readFileSync(path, 'utf8')), loader: 'js' };
      });
      build.onLoad({ filter: /[\\/]clipanion[\\/]lib[\\/]advanced[\\/]Cli\.m?js$/ }, ({ path }) => {
        return { contents: patchClipanion(readFileSync(path, 'utf8')), loader: 'js' };
      });
      build.onLoad({ filter: /[\\/]picocolors[\\/]picocolors\.js$/ }, ({ path }) => {
        return { contents: patchPicocolors(readFileSync(path, 'utf8')), loader: 'js' };
      });
      build.onLoad({ filter: /[\\/]destroy[\\/]index\.js$/ }, ({ path }) => {
        return { contents: patchDestroy(readFileSync(path, 'utf8')), loader: 'js' };
      });
      build.onLoad({ filter: /[\\/]mime-db[\\/]db\.json$/ }, ({ path }) => {
        return { contents: pickMediaTypes(readFileSync(path, 'utf8')), loader: 'json' };
      });
      build.onResolve({ filter: IPC_TRANSPORTS.filter }, ({ importer, path }) => {
        if (!IPC_TRANSPORTS.importer.test(importer)) return undefined;
        return { path, namespace: 'left-out' };
      });
      build.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'export default {};', loader: 'js' }));
      build.onResolve({ filter: /^(@libsql\/|\.\/libsql\.node$)/ }, ({ path }) => ({ path, external: true }));
    },
  };
}
