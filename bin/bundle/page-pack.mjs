/**
 * Packs the page into one file, `page.json`: vite's output for `webui/` and the description of the API, each part compressed. One file can be
 * renamed into place as a whole, so a worker never mixes the document of one build with the scripts of another.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describeApi } from './description.mjs';

const TYPES = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  woff2: 'font/woff2',
  webmanifest: 'application/manifest+json',
};

/**
 * Code shared by views is in the entry, except for large parts: each shared chunk would add a request to a view's first load. Code that only
 * one view uses is loaded with that view. Most CSS is in the entry too. The CSS of the font is loaded after the first paint, and that of
 * the dialogs when the browser is idle. Views which need few requests load their own CSS, because a long chat has no room for it.
 */
const ENTRY =
  /\/(?:index\.html|shared\/fields\.ts|src\/(?:api(?!\/(?:command-line|event-stream|to-curl))|browser(?!\/sleep)|components(?!\/(?:copy-command\/copy-line|form\/make-once|markdown\/(?:blocks|code|elements|highlight|lex)|marked\/|virtual-list\/)))\/.*|(?<!\/(?:shell\/dialogs|views\/(?:channels|chat\/approvals|cron|models|sessions|status|tokens|tools))\/)(?!inter)[\w-]+\.css)$/;

/** One request for the views that handle secrets. */
const SECRETS = /\/shared\/config\/(?:secrets|key-path)\.ts$/;

/** Inlines the icon into the document, because every first load shows it. */
function inlineIcon(root) {
  const icon = readFileSync(join(root, 'public', 'icon.svg'), 'utf8').trim();
  const transformIndexHtml = (html) => html.replace('./assets/icon.svg', `data:image/svg+xml,${encodeURIComponent(icon)}`);
  return { name: 'inline-icon', transformIndexHtml };
}

function options(root, hasDesign) {
  return {
    root,
    plugins: [inlineIcon(root)],
    // Relative, because the page may be published under any path.
    base: './',
    configFile: false,
    envFile: false,
    logLevel: 'silent',
    // Added below, under the same path as the other files.
    publicDir: false,
    define: { 'import.meta.env.XOPC_PAGE_DESIGN': String(hasDesign) },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      write: false,
      target: 'es2022',
      // The design page shows both themes in one document: `light-dark()` rewritten for older browsers has one value per document.
      ...(hasDesign ? { cssTarget: ['chrome123', 'firefox120', 'safari17.5'] } : {}),
      assetsDir: 'assets',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rollupOptions: {
        input: join(root, 'index.html'),
        external: [/^\.\/assets\//],
        output: {
          codeSplitting: {
            groups: [
              { name: 'index', test: ENTRY },
              { name: 'secrets', test: SECRETS },
            ],
          },
        },
      },
    },
  };
}

/** With little memory zlib makes smaller blocks, each with its own codes, for code, texts and icons: 1 KB less in the first load of a chat. */
const compress = (content) => gzipSync(content, { level: 9, memLevel: 5 });

/** @returns the parts (name below `/`, and content), and the files that went into them */
async function bundlePage(root, hasDesign) {
  const { build } = await import('vite');
  const result = await build(options(root, hasDesign));
  const { output } = Array.isArray(result) ? result[0] : result;
  const parts = output.map((part) => [part.fileName, Buffer.from(part.type === 'chunk' ? part.code : part.source)]);
  const fixed = readdirSync(join(root, 'public')).map((name) => [`assets/${name}`, readFileSync(join(root, 'public', name))]);
  return { parts: [...parts, ...fixed], modules: output.flatMap(({ moduleIds = [] }) => moduleIds) };
}

/**
 * Builds the page under `sourceRoot`, if it has one.
 * @param options.hasDesign  with `#/design`, where all components are shown
 * @returns `text` of `page.json`: for each path, media type and content (gzip, base64); `modules`, the paths of the files that
 * went into it; undefined without `webui/`
 */
export async function packPage(sourceRoot, { hasDesign = false } = {}) {
  const root = join(sourceRoot, 'webui');
  if (!existsSync(join(root, 'index.html'))) return undefined;
  const [{ parts, modules }, description] = await Promise.all([bundlePage(root, hasDesign), describeApi(sourceRoot)]);
  const described = Object.entries(description).map(([name, text]) => [name, Buffer.from(text)]);
  const files = [...parts, ...described].map(([name, content]) => {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    if (type === undefined) throw new Error(`webui: '${name}' has no media type in bin/bundle/page-pack.mjs`);
    return [`/${name}`, { type, gzip: compress(content).toString('base64') }];
  });
  return { text: `${JSON.stringify(Object.fromEntries(files.toSorted(([a], [b]) => (a < b ? -1 : 1))))}\n`, modules };
}
