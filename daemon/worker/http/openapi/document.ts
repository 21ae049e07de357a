/** Builds the OpenAPI 3.1 document from the routes and the schemas that validate their input. */
import { errorResponse } from '../../../../shared/api/error.js';
import { label } from '../../../../shared/api/fields.js';
import { type JsonSchema, toJsonSchema } from '../../../../shared/api/json-schema.js';
import { openAiErrorResponse } from '../../../../shared/api/openai.js';
import { scopesFor } from '../../access/allowed.js';
import { anthropicErrorResponse } from '../../../../shared/api/anthropic/messages.js';
import { dialectOf } from '../dialects.js';
import type { Route, RouteFacts, SchemaMaker } from '../route.js';

/** The part of the specification that is used. Source: OpenAPI Specification 3.1.1. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string; readonly description: string; readonly license: JsonSchema };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>;
  };
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  /** The scopes of which an access token needs one; empty: any will do. Missing: no token is needed. */
  readonly 'x-scopes'?: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

const TAGS: Readonly<Record<string, string>> = {
  agent: 'Agent turns',
  anthropic: 'The API of Anthropic, for its SDKs and Claude Code',
  channels: 'Chat channels and who may write through them',
  config: 'Configuration files',
  cron: 'Scheduled jobs',
  events: 'Live events',
  health: 'Monitoring',
  logs: 'The gateway’s log',
  messages: 'Messages to chats',
  models: 'Models and their providers',
  openai: 'The API of OpenAI, for its SDKs and the programs built on them',
  page: 'The page',
  sessions: 'Conversations',
  status: 'Status of the gateway',
  tokens: 'Access tokens',
};

const SEGMENT_TAGS: Readonly<Record<string, string>> = {
  attachments: 'sessions',
  message: 'messages',
  providers: 'models',
  files: 'channels',
  'models-json': 'config',
  'page-links': 'page',
  webhook: 'channels',
  'session-storage': 'sessions',
  'session-tags': 'sessions',
  metrics: 'status',
  'openapi.json': 'status',
};

function tagOf(path: string): string {
  const dialect = dialectOf(path);
  if (dialect !== undefined) return dialect;
  const segment = path.replace(/^\/api/, '').split('/')[1] ?? '';
  const name = SEGMENT_TAGS[segment] ?? segment;
  return Object.hasOwn(TAGS, name) ? name : 'status';
}

/** `/a/:id` and `/a/{*id}` → `/a/{id}`. */
function templateOf(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}').replaceAll('{*', '{');
}

function operationId(method: string, template: string): string {
  const words = template.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return [method.toLowerCase(), ...words.map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join('');
}

function pathParameters(template: string, params: RouteFacts['params'] = {}): Parameter[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: toJsonSchema((params[name] ?? (() => label(512)))(), 'input'),
  }));
}

function queryParameters(query: SchemaMaker<unknown> | undefined): Parameter[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = toJsonSchema(query(), 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: required.includes(name), schema }));
}

function headerParameters(headers: RouteFacts['headers'] = {}): Parameter[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
}

const TOKEN = [{ bearer: [] }, { apiKey: [] }] as const;

/** An empty requirement: no token is needed. */
function securityOf({ access, scope }: RouteFacts): Operation['security'] {
  if (scope === 'public') return [{}];
  // Without, where the caller is on the gateway's machine or `gateway.auth.enabled` is false.
  return access === 'token' ? TOKEN : [{}, ...TOKEN];
}

function accessText({ method, facts: { access, scope } }: Route): string {
  if (scope === 'public') return 'Needs no token.';
  const scopes = scopesFor(method, scope).map((one) => `\`${one}\``);
  const token = scopes.length === 0 ? 'Any access token will do.' : `An access token needs the scope ${scopes.join(' or ')}.`;
  return access === 'token' ? `Needs a token, on the gateway’s machine too. ${token}` : token;
}

/** The schema of the errors of an API. */
const ERRORS = { own: 'Error', openai: 'OpenAiError', anthropic: 'AnthropicError' } as const;

const json = (schema: JsonSchema): Content => ({ 'application/json': { schema } });

/** Media types that are described in words. */
function texts(media: Readonly<Record<string, string>> = {}): Content {
  return Object.fromEntries(
    Object.entries(media).map(([type, description]) => [type, { schema: { type: 'string', description } }] as const),
  );
}

function responsesOf({ answer, media }: RouteFacts, path: string): Operation['responses'] {
  const errors = json({ $ref: `#/components/schemas/${ERRORS[dialectOf(path) ?? 'own']}` });
  const content = { ...(answer === undefined ? {} : json(toJsonSchema(answer(), 'output'))), ...texts(media) };
  return {
    200: { description: 'Done', content },
    '4XX': { description: 'The request is invalid or not allowed', content: errors },
    '5XX': { description: 'The gateway or an upstream service failed', content: errors },
  };
}

function operationOf(route: Route): Operation {
  const { method, path, facts } = route;
  const template = templateOf(path);
  return {
    operationId: operationId(method, template),
    summary: facts.summary ?? '',
    description: accessText(route),
    tags: [tagOf(path)],
    security: securityOf(facts),
    ...(facts.scope === 'public' ? {} : { 'x-scopes': scopesFor(method, facts.scope) }),
    parameters: [...pathParameters(template, facts.params), ...queryParameters(facts.query), ...headerParameters(facts.headers)],
    ...(facts.body === undefined
      ? {}
      : {
          requestBody: {
            required: !facts.isBodyOptional,
            content: { ...json(toJsonSchema(facts.body(), 'input')), ...texts(facts.upload) },
          },
        }),
    responses: responsesOf(facts, path),
  };
}

/** Routes without a summary are the page's own files, and no part of the API. */
export function createOpenApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    if (route.facts.summary === undefined) continue;
    const template = templateOf(route.path);
    paths[template] = { ...paths[template], [route.method.toLowerCase()]: operationOf(route) };
  }
  const used = new Set(Object.values(paths).flatMap((item) => Object.values(item).flatMap(({ tags }) => tags)));
  return {
    openapi: '3.1.1',
    info: {
      title: 'xopc gateway',
      version,
      description: 'Connects programs, chat channels, schedules and a web page to LLM agents.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS)
      .filter(([name]) => used.has(name))
      .map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: {
        Error: toJsonSchema(errorResponse(), 'output'),
        OpenAiError: toJsonSchema(openAiErrorResponse(), 'output'),
        AnthropicError: toJsonSchema(anthropicErrorResponse(), 'output'),
      },
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'The gateway’s token (`xopc gateway token --show`), or an access token (`xopc token add`) with one of the scopes',
        },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      },
    },
  };
}
