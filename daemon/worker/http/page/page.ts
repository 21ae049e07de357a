/** The small page at `/`: the gateway's state and the next commands. Nothing inline. */
import { escapeHtml } from '../../../../shared/text/html.js';
import type { Assets } from './assets.js';

export interface PageFacts {
  /** The address under which the page was asked for, without a final slash. */
  readonly url: string;
  readonly uptimeSeconds: number;
  readonly version: string;
  readonly isDraining: boolean;
  /** Whether calls of this visitor need the token. */
  readonly needsToken: boolean;
  readonly assets: Assets;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

function exampleCall(facts: PageFacts): string {
  const token = facts.needsToken ? " -H 'Authorization: Bearer TOKEN'" : '';
  return `curl ${facts.url}/api/agent${token} -H 'Content-Type: application/json' -d '{"message": "Hello"}'`;
}

/** @returns the HTML document */
export function renderPage(facts: PageFacts): string {
  const state = facts.isDraining ? 'Restarting or stopping' : 'Running';
  const tokenNote = facts.needsToken
    ? '<p class="muted">Requests need the token: <code>xopc gateway token --show</code> prints it on the gateway’s machine.</p>'
    : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>xopc gateway</title>
<link rel="stylesheet" href=".${facts.assets.stylesheet.path}">
<link rel="icon" href=".${facts.assets.icon.path}" type="image/svg+xml">
<script src=".${facts.assets.script.path}" defer></script>
</head>
<body>
<main>
<h1>xopc gateway</h1>
<p class="state${facts.isDraining ? ' draining' : ''}">${state}</p>
<p class="muted">Version ${escapeHtml(facts.version)}, up for ${duration(facts.uptimeSeconds)}.</p>
<h2>On the gateway’s machine</h2>
<pre><code>xopc gateway status    # its state
xopc gateway logs      # its log
xopc agent "Hello"     # talk to it</code></pre>
<h2>From a program</h2>
<pre><code>${escapeHtml(exampleCall(facts))}</code></pre>
${tokenNote}
<p><a href="./docs">API reference</a></p>
<section id="access" aria-live="polite" hidden>
<h2>This page</h2>
<p id="notice"></p>
<dl id="facts" hidden></dl>
<form id="sign-in" hidden>
<label for="token">Access token</label>
<input id="token" name="token" type="password" autocomplete="off" spellcheck="false" required>
<button>Sign in</button>
</form>
</section>
</main>
</body>
</html>
`;
}
