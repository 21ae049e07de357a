/** Renders the page at `/docs` from the OpenAPI document: no script, nothing inline, no external resources. */
import { escapeHtml } from '../../../../shared/text/html.js';
import { type OpenApiDocument, type Operation, type Parameter, responseOf } from './document.js';

/** Backticks mark code in the document's texts. */
function prose(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function block(title: string, value: unknown): string {
  return `<details><summary>${escapeHtml(title)}</summary><pre><code>${escapeHtml(JSON.stringify(value, null, 2))}</code></pre></details>`;
}

const exampleBlock = (title: string, example: unknown): string => (example === undefined ? '' : block(title, example));

function access({ security }: Operation): string {
  if (security.every((way) => Object.keys(way).length === 0)) return 'No token.';
  if (security.some((way) => Object.keys(way).length === 0))
    return 'Token, except from the gateway’s own machine unless <code>gateway.auth.enabled</code> is true.';
  return 'Token, always.';
}

function parameterRow({ name, in: place, required, description = '', schema }: Parameter): string {
  const { enum: values, pattern } = schema as { enum?: unknown[]; pattern?: string };
  const allowed =
    values?.map((value) => `<code>${escapeHtml(String(value))}</code>`).join(', ') ??
    (pattern === undefined ? '' : `<code>${escapeHtml(pattern)}</code>`);
  return `<tr><td><code>${escapeHtml(name)}</code></td><td>${place}${required ? ', needed' : ''}</td><td>${prose(description)}${allowed}</td></tr>`;
}

function parameters({ parameters: all }: Operation): string {
  return all.length === 0
    ? ''
    : `<table><thead><tr><th>Parameter</th><th>In</th><th>Allowed</th></tr></thead><tbody>${all.map(parameterRow).join('')}</tbody></table>`;
}

function answers(document: OpenApiDocument, described: Operation): string {
  return Object.entries(responseOf(document, described, 200)?.content ?? {})
    .map(([type, { schema, example }]) =>
      type === 'application/json'
        ? `${block('Answer', schema)}${exampleBlock('Example of an answer', example)}`
        : `<p><code>${type}</code>: ${prose(textOf(schema['description']))}</p>`,
    )
    .join('');
}

function errors(document: OpenApiDocument, described: Operation): string {
  const rows = Object.keys(described.responses)
    .filter((status) => Number(status) >= 400)
    .map((status) => {
      const { description = '' } = responseOf(document, described, Number(status)) ?? {};
      return `<tr><td><code>${status}</code></td><td>${prose(description).replaceAll('\n\n', '<br>')}</td></tr>`;
    });
  return `<details><summary>Errors</summary><table><tbody>${rows.join('')}</tbody></table></details>`;
}

function operation(document: OpenApiDocument, described: Operation, name: string): string {
  const body = described.requestBody?.content['application/json'];
  return `<section id="${escapeHtml(described.operationId)}">
<h3><code>${escapeHtml(name)}</code></h3>
<p>${prose(described.summary)}. <span class="muted">${access(described)}</span></p>
${parameters(described)}
${body === undefined ? '' : `${block('Body', body.schema)}${exampleBlock('Example of a body', body.example)}`}${answers(document, described)}${errors(document, described)}
</section>`;
}

function tagSection(document: OpenApiDocument, { name, description }: OpenApiDocument['tags'][number]): string {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, { tags }]) => tags.includes(name))
      .map(([method, described]) => operation(document, described, `${method.toUpperCase()} ${path}`)),
  );
  return `<h2 id="${name}">${escapeHtml(description)}</h2>\n${operations.join('\n')}`;
}

/** @returns the HTML document */
export function renderDocs(document: OpenApiDocument): string {
  const contents = document.tags.map(({ name, description }) => `<li><a href="#${name}">${escapeHtml(description)}</a></li>`).join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>xopc gateway: API</title>
<link rel="stylesheet" href="./assets/docs.css">
<link rel="icon" href="./assets/icon.svg" type="image/svg+xml">
</head>
<body>
<main>
<h1>${escapeHtml(document.info.title)}: API</h1>
<p class="muted">Version ${escapeHtml(document.info.version)}. The same for programs: <a href="./openapi.json">/openapi.json</a> (OpenAPI ${document.openapi}).</p>
<p>Send the token as <code>Authorization: Bearer TOKEN</code> or <code>X-Api-Key: TOKEN</code>. Failures are <code>{"error": {"code", "message", "requestId", "hint"?, "details"?}}</code>; below <code>/v1</code> they have the shape of OpenAI’s API, or of Anthropic’s.</p>
<ul>${contents}</ul>
${document.tags.map((tag) => tagSection(document, tag)).join('\n')}
</main>
</body>
</html>
`;
}
