/** The stylesheet of the page at `/docs`. */
export const DOCS_STYLE = `:root {
  color-scheme: light dark;
  --text: #1c2024;
  --muted: #5b6268;
  --line: #d9dde1;
  --ground: #fbfcfd;
  --panel: #f0f2f4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #edeef0;
    --muted: #a4abb2;
    --line: #363a3f;
    --ground: #111315;
    --panel: #1c1f22;
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
summary { cursor: pointer; }
code { font: .9em/1.5 ui-monospace, "Cascadia Mono", Menlo, monospace; }
`;
