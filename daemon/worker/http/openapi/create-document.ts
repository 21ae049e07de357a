/** Builds the OpenAPI 3.1 document from the routes and the schemas that validate their input. */
import { anthropicErrorResponse } from '../../../../shared/api/anthropic/messages.js';
import { errorResponse } from '../../../../shared/api/error.js';
import { type JsonSchema, toJsonSchema } from '../../../../shared/api/json-schema.js';
import { openAiErrorResponse } from '../../../../shared/api/openai.js';
import { mcpErrorResponse } from '../../../../shared/api/tools/mcp-server.js';
import { scopesFor } from '../../access/allowed.js';
import { dialectOf } from '../dialects.js';
import type { Route, RouteFacts } from '../route.js';
import type { Content, OpenApiDocument, Operation, Reference } from './document.js';
import { ErrorResponses } from './error-responses.js';
import examples from './examples.json';
import { messageSchemas } from './messages.js';
import { parametersOf } from './parameters.js';

const TAGS: Readonly<Record<string, string>> = {
  agent: 'Agent turns',
  anthropic: 'The API of Anthropic, for its SDKs and Claude Code',
  approvals: 'Tool calls that people decide about',
  channels: 'Chat channels and who may write through them',
  config: 'Configuration files',
  cron: 'Scheduled jobs',
  events: 'Live events',
  health: 'Monitoring',
  logs: 'The gateway’s log',
  mcp: 'The Model Context Protocol',
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
  ws: 'page',
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

const TOKEN = [{ bearer: [] }, { apiKey: [] }] as const;

/** An empty requirement means that no token is needed. */
function securityOf({ access, scope }: RouteFacts): Operation['security'] {
  if (scope === 'public') return [{}];
  // No token is needed on the gateway's machine, or if `gateway.auth.enabled` is false.
  return access === 'token' ? TOKEN : [{}, ...TOKEN];
}

function accessText({ method, facts: { access, scope, frames, accessNote } }: Route): string {
  if (frames !== undefined)
    return 'The first frame has the token, where one is needed. An access token needs the scopes `chat` and `read`.';
  if (scope === 'public') return 'Needs no token.';
  const scopes = scopesFor(method, scope).map((one) => `\`${one}\``);
  const token = scopes.length === 0 ? 'Any access token will do.' : `An access token needs the scope ${scopes.join(' or ')}.`;
  const more = accessNote === undefined ? token : `${token} ${accessNote}`;
  return access === 'token' ? `Needs a token, on the gateway’s machine too. ${more}` : more;
}

/** Examples of an operation, recorded from a gateway: test/helpers/api-examples.ts. */
interface Example {
  readonly request?: unknown;
  readonly answer?: unknown;
  /** Example of a stream. */
  readonly event?: unknown;
}

const EXAMPLES: Readonly<Record<string, Example>> = examples;

const reference = (name: string): Reference => ({ $ref: `#/components/schemas/${name}` });

const described = (schema: JsonSchema, example: unknown): Content[string] => (example === undefined ? { schema } : { schema, example });

/** Describes media types in words, and the events of a stream. */
function texts(media: Readonly<Record<string, string>> = {}, stream?: RouteFacts['stream'], { answer, event }: Example = {}): Content {
  return Object.fromEntries(
    Object.entries(media).map(([type, description]) => {
      if (type === 'text/event-stream' && stream !== undefined)
        return [type, described({ ...reference(stream.name), description }, event)] as const;
      return [type, described({ type: 'string', description }, typeof answer === 'string' ? answer : undefined)] as const;
    }),
  );
}

type Responses = Operation['responses'];

function successOf({ answer, media, stream, frames }: RouteFacts, example: Example): Responses {
  if (frames !== undefined) return { 101: { description: 'The connection is a WebSocket: text frames of JSON, `x-websocket`' } };
  const json = answer === undefined ? {} : { 'application/json': described(toJsonSchema(answer(), 'output'), example.answer) };
  return { 200: { description: 'Done', content: { ...json, ...texts(media, stream, example) } } };
}

function bodyOf({ body, upload, isBodyOptional }: RouteFacts, { request }: Example): Pick<Operation, 'requestBody'> {
  if (body === undefined) return {};
  const json = { 'application/json': described(toJsonSchema(body(), 'input'), request) };
  return { requestBody: { required: isBodyOptional !== true, content: { ...json, ...texts(upload) } } };
}

function operationOf(route: Route, errors: ErrorResponses): Operation {
  const { method, path, facts } = route;
  const template = templateOf(path);
  const id = operationId(method, template);
  const example = EXAMPLES[id] ?? {};
  return {
    operationId: id,
    summary: facts.summary ?? '',
    description: accessText(route),
    tags: [tagOf(path)],
    security: securityOf(facts),
    ...(facts.scope === 'public' ? {} : { 'x-scopes': scopesFor(method, facts.scope) }),
    parameters: parametersOf(template, facts),
    ...bodyOf(facts, example),
    responses: { ...successOf(facts, example), ...errors.of(route) },
    ...(facts.frames === undefined
      ? {}
      : { 'x-websocket': { fromClient: reference('ClientFrame'), fromServer: reference('ServerFrame') } }),
  };
}

const SECURITY_SCHEMES: OpenApiDocument['components']['securitySchemes'] = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'The gateway’s token (`xopc gateway token --show`), or an access token (`xopc token add`) with one of the scopes',
  },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
};

const ERROR_SCHEMAS = {
  Error: errorResponse,
  OpenAiError: openAiErrorResponse,
  AnthropicError: anthropicErrorResponse,
  McpError: mcpErrorResponse,
};

function componentsOf(routes: readonly Route[], errors: ErrorResponses): OpenApiDocument['components'] {
  const ofErrors = Object.entries(ERROR_SCHEMAS).map(([name, schema]) => [name, toJsonSchema(schema(), 'output')] as const);
  const ofMessages = routes.flatMap(({ facts }) => Object.entries(messageSchemas(facts)));
  return {
    schemas: Object.fromEntries([...ofErrors, ...ofMessages]),
    responses: errors.components,
    securitySchemes: SECURITY_SCHEMES,
  };
}

/** Routes without a summary serve the page's own files and are not part of the API. */
export function createOpenApiDocument(all: readonly Route[], version: string): OpenApiDocument {
  const routes = all.filter(({ facts }) => facts.summary !== undefined);
  const errors = new ErrorResponses();
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const template = templateOf(route.path);
    paths[template] = { ...paths[template], [route.method.toLowerCase()]: operationOf(route, errors) };
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
    components: componentsOf(routes, errors),
  };
}
