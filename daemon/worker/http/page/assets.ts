/** The page's own files, as the bundle holds them. */
import { createHash } from 'node:crypto';
import { SCRIPT } from './script.js';

export interface Asset {
  /** `/assets/{name}.{hash}.{extension}`. */
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

export interface Assets {
  readonly stylesheet: Asset;
  readonly icon: Asset;
  readonly script: Asset;
}

const STYLESHEET = `:root {
  color-scheme: light dark;
  --text: #1c2024;
  --muted: #5b6268;
  --line: #d9dde1;
  --ground: #fbfcfd;
  --panel: #f0f2f4;
  --good: #18794e;
  --busy: #ad5700;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #edeef0;
    --muted: #a4abb2;
    --line: #363a3f;
    --ground: #111315;
    --panel: #1c1f22;
    --good: #4cc38a;
    --busy: #ffb224;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--ground);
  color: var(--text);
  font: 16px/1.55 system-ui, sans-serif;
}
main { max-width: 44rem; margin: 0 auto; padding: 3rem 1.25rem; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; }
h2 { margin: 2.25rem 0 .5rem; font-size: 1.05rem; }
p { margin: .5rem 0; }
.state { font-weight: 600; color: var(--good); }
.state.draining { color: var(--busy); }
.muted { color: var(--muted); }
pre {
  margin: .5rem 0;
  padding: .75rem 1rem;
  overflow-x: auto;
  border: 1px solid var(--line);
  border-radius: .5rem;
  background: var(--panel);
}
table { border-collapse: collapse; width: 100%; }
th, td { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .5rem 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
label { display: block; margin: .5rem 0 .25rem; }
input, button { font: inherit; padding: .35rem .6rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--panel); color: inherit; }
input { width: min(100%, 26rem); }
summary { cursor: pointer; }
code { font: .9em/1.5 ui-monospace, "Cascadia Mono", Menlo, monospace; }
`;

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#18794e"/><path d="M9 9l14 14M23 9L9 23" stroke="#fff" stroke-width="3.5" stroke-linecap="round"/></svg>
`;

function asset(name: string, type: string, body: string): Asset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  const dot = name.lastIndexOf('.');
  return { path: `/assets/${name.slice(0, dot)}.${hash}${name.slice(dot)}`, type, body };
}

export function createAssets(): Assets {
  return {
    stylesheet: asset('page.css', 'text/css; charset=utf-8', STYLESHEET),
    icon: asset('icon.svg', 'image/svg+xml', ICON),
    script: asset('page.js', 'text/javascript; charset=utf-8', SCRIPT),
  };
}
