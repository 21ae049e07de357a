/**
 * Modules of dependencies that the bundles leave out or replace as a whole. docs/adr/0011-start-cost.md says what
 * each one saves; test/guards/bundles.test.ts checks that each is replaced.
 */

/** Parses uploads by form; the JSON API accepts none. */
const FORMS = /[\\/]formidable[\\/](src|dist)[\\/]index\.(js|cjs)$/;
const NO_FORMS = "export default function formidable() { throw new Error('multipart bodies are not supported'); }";

/** node-ipc loads TLS and UDP for its network modes; the control socket is a local one. */
const TRANSPORTS = { importer: /[\\/]node-ipc[\\/]/, filter: /^(node:)?(tls|dgram)$/ };

/** The esbuild plugin. */
export function bundleStubs() {
  return {
    name: 'bundle-stubs',
    setup(build) {
      build.onLoad({ filter: FORMS }, () => ({ contents: NO_FORMS, loader: 'js' }));
      build.onResolve({ filter: TRANSPORTS.filter }, ({ importer, path }) =>
        TRANSPORTS.importer.test(importer) ? { path, namespace: 'left-out' } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'export default {};', loader: 'js' }));
    },
  };
}
