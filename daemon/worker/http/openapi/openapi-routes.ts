/** The API's description: for programs at `/openapi.json`, for people at `/docs`. Built on the first request. */
import { anthropicErrorResponse } from '../../../../shared/api/anthropic/messages.js';
import { errorResponse } from '../../../../shared/api/error.js';
import { label } from '../../../../shared/api/fields.js';
import { toJsonSchema } from '../../../../shared/api/json-schema.js';
import { mcpErrorResponse } from '../../../../shared/api/tools/mcp-server.js';
import { openAiErrorResponse } from '../../../../shared/api/openai.js';
import { openApiResponse } from '../../../../shared/api/openapi.js';
import { DOCUMENT_HEADERS } from '../../../../shared/node/document-headers.js';
import { fileOf, type SentFile, sendFile } from '../page/send-file.js';
import { type Route, route } from '../route.js';
import type { createOpenApiDocument } from './create-document.js';
import type { OpenApiDocument, SchemaTools } from './document.js';
import type { renderDocs } from './docs-page.js';
import type { DOCS_STYLE } from './docs-style.js';

/** What builds the description. */
export interface OpenApiModule {
  readonly createOpenApiDocument: typeof createOpenApiDocument;
  readonly renderDocs: typeof renderDocs;
  readonly DOCS_STYLE: typeof DOCS_STYLE;
}

export const SCHEMA_TOOLS: SchemaTools = {
  toJsonSchema,
  anyLabel: () => label(512),
  errors: { Error: errorResponse, OpenAiError: openAiErrorResponse, AnthropicError: anthropicErrorResponse, McpError: mcpErrorResponse },
};

/** @param routes  all others; these are described with them. @param load  loads the bundle that builds the description */
export function openApiRoutes(routes: readonly Route[], version: string, load: () => OpenApiModule): Route[] {
  let document: OpenApiDocument | undefined;
  let page: SentFile | undefined;
  let style: SentFile | undefined;
  const read = (): OpenApiDocument => (document ??= load().createOpenApiDocument([...routes, ...own], version, SCHEMA_TOOLS));
  const own = [
    route({
      method: 'GET',
      path: '/openapi.json',
      scope: 'any',
      summary: 'Read this description of the API (OpenAPI 3.1)',
      answer: openApiResponse,
      handle(ctx) {
        ctx.body = read();
      },
    }),
    route({
      method: 'GET',
      path: '/docs',
      scope: 'public',
      handle(ctx) {
        ctx.set(DOCUMENT_HEADERS);
        sendFile(ctx, (page ??= fileOf('text/html; charset=utf-8', load().renderDocs(read()))));
      },
    }),
    route({
      method: 'GET',
      path: '/assets/docs.css',
      scope: 'public',
      handle(ctx) {
        sendFile(ctx, (style ??= fileOf('text/css; charset=utf-8', load().DOCS_STYLE)));
      },
    }),
  ];
  return own;
}
