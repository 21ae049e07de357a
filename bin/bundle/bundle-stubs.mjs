/**
 * Modules of dependencies that the bundles leave out or replace as a whole. docs/adr/0011-start-cost.md lists the savings;
 * test/guards/bundles.test.ts checks the replacements.
 */

/** Parses form uploads, which the JSON API does not accept. */
const FORMS = /[\\/]formidable[\\/](src|dist)[\\/]index\.(js|cjs)$/;
const NO_FORMS = "export default function formidable() { throw new Error('multipart bodies are not supported'); }";

/**
 * JSON is UTF-8 (RFC 8259, section 8.1): `raw-body` answers 415 where the decoder knows no other charset. As in the package, a byte order mark
 * is removed.
 */
const CHARSETS = /[\\/]iconv-lite[\\/]lib[\\/]index\.js$/;
const ONLY_UTF8 = `
  const isUtf8 = (encoding) => /^utf-?8$/i.test(encoding);
  exports.encodingExists = isUtf8;
  exports.getDecoder = (encoding) => {
    if (!isUtf8(encoding)) throw new Error('Encoding not recognized: ' + encoding);
    const decoder = new TextDecoder();
    return { write: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() };
  };`;

/** Warns about calls of deprecated Koa functions. Loading it captures a stack trace, for which V8 parses the whole bundle again. */
const DEPRECATIONS = /[\\/]depd[\\/]index\.js$/;
const NO_DEPRECATIONS = `
  module.exports = () => Object.assign(() => undefined, { function: (work) => work, property: () => undefined });`;

/** zod's own messages in fifty languages. `import { z }`, as used by koa-body and `ai`, pulls in all of them; we only use English. */
const LANGUAGES = /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/;

/** node-ipc loads TLS and UDP for its network modes; the control socket is a local one. */
const TRANSPORTS = { importer: /[\\/]node-ipc[\\/]/, filter: /^(node:)?(tls|dgram)$/ };

/** The MCP SDK uses ajv for questions to clients, which the gateway never sends, and for tool outputs, which models read unchanged. */
const MCP_SHIMS = /[\\/]@modelcontextprotocol[\\/](?:client|server)[\\/]dist[\\/]shimsNode\.[cm]js$/;
const NO_SCHEMAS =
  "export { default as process } from 'node:process'; export class DefaultJsonSchemaValidator {} export const CORS_IS_POSSIBLE = false";

/** Used for OAuth sign-in, which the gateway does not support. */
const PKCE = /[\\/]pkce-challenge[\\/]/;

/** The esbuild plugin. */
export function bundleStubs() {
  return {
    name: 'bundle-stubs',
    setup(build) {
      build.onLoad({ filter: FORMS }, () => ({ contents: NO_FORMS, loader: 'js' }));
      build.onLoad({ filter: CHARSETS }, () => ({ contents: ONLY_UTF8, loader: 'js' }));
      build.onLoad({ filter: DEPRECATIONS }, () => ({ contents: NO_DEPRECATIONS, loader: 'js' }));
      build.onLoad({ filter: LANGUAGES }, () => ({ contents: 'export {};', loader: 'js' }));
      build.onLoad({ filter: PKCE }, () => ({ contents: 'export default () => undefined;', loader: 'js' }));
      build.onLoad({ filter: MCP_SHIMS }, () => ({ contents: NO_SCHEMAS, loader: 'js' }));
      build.onResolve({ filter: TRANSPORTS.filter }, ({ importer, path }) =>
        TRANSPORTS.importer.test(importer) ? { path, namespace: 'left-out' } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'export default {};', loader: 'js' }));
    },
  };
}
