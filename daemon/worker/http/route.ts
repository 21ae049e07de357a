/** A route as data: its input, who may call it, and its handler. The OpenAPI document is built from the same fields. */
import { Readable } from 'node:stream';
import { Router } from '@koa/router';
import { type Schema, validate, validateWithNulls } from '../../../shared/api/validate.js';
import { type ErrorCode, GatewayError } from '../../../shared/errors.js';
import type { RefuseCredentials, RequireToken } from './admission/credentials.js';
import type { AdmittedStreams } from './connection/admitted-streams.js';
import type { TokenRequests } from './connection/token-requests.js';
import type { AccessToken } from '../access/access-tokens.js';
import { type NeededScope, mayCall, mayUseAgent, mayUseAllAgents } from '../access/allowed.js';
import type { HttpContext, HttpMiddleware, RequestState, RouterExtras } from './context.js';
import type { OpenUpload, Upload } from './middleware/upload.js';
import { type ReadJson, refuseBody } from './middleware/body.js';
import { FILE_HEADERS } from '../../../shared/node/document-headers.js';

const VERBS = { GET: 'get', POST: 'post', PATCH: 'patch', DELETE: 'delete' } as const;

/** Builds a schema. Called when a route is first used, so that schemas cost no start-up time. */
export type SchemaMaker<Output> = () => Schema<Output>;

/** Builds schemas by the name of an event or a frame. */
export type EventSchemas = () => Readonly<Record<string, Schema<unknown>>>;

/**
 * Named events with the schemas of their data, or unnamed events with one schema for all. `name`: name of the schema in the OpenAPI
 * document.
 */
export type EventStream = { readonly name: string } & ({ readonly events: EventSchemas } | { readonly data: SchemaMaker<unknown> });

export interface RouteInput<Body, Query, Params> {
  /** Of the path. */
  readonly params: Params;
  readonly body: Body;
  /** The raw body. Only for a route with `needsSource`. */
  readonly source: Buffer;
  /** Only for a route with `upload`. */
  readonly upload: Upload;
  readonly query: Query;
}

/** What the OpenAPI document contains about a route besides its input. */
export interface RouteText {
  /** One line. A route without it is not part of the API, such as the page's files. */
  readonly summary?: string;
  /** Headers that it reads besides those of every route, with descriptions. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The JSON document of a 200. */
  readonly answer?: SchemaMaker<unknown>;
  /** Other media types of a 200, with descriptions. */
  readonly media?: Readonly<Record<string, string>>;
  /** The events of `text/event-stream` in `media`. */
  readonly stream?: EventStream;
  /** The frames of a WebSocket. */
  readonly frames?: { readonly fromClient: SchemaMaker<unknown>; readonly fromServer: EventSchemas };
  /** What an access token needs in addition to `scope`, depending on the request: a sentence. */
  readonly accessNote?: string;
  /** Codes with which it fails, besides those that follow from its other fields. */
  readonly errors?: readonly ErrorCode[];
}

export interface OwnCredentials<Params> {
  /** Checks them before the body is parsed. @param rawBody  the body as it arrived */
  readonly check: (ctx: HttpContext, rawBody: Buffer, params: Params) => 'valid' | 'none' | 'wrong';
  /** The error for a caller without valid credentials. */
  readonly refusal: { readonly message: string; readonly hint: string };
}

export interface RouteDefinition<Body, Query, Params = object> extends RouteText {
  readonly method: keyof typeof VERBS;
  readonly path: string;
  /** Schemas of the path's parameters. That of `{*id}` is only described: its handler decodes the rest of the path. */
  readonly params?: { readonly [Name in keyof Params]: SchemaMaker<Params[Name]> };
  /** The scope that an access token needs. `public`: no token is needed, or the handler checks its own credentials. */
  readonly scope: NeededScope;
  /**
   * Returns the agent that a request is for; undefined: none. `filtered`: the handler limits the answer to the token's agents. Not
   * set: a token that is limited to agents is refused.
   */
  readonly agentOf?: 'filtered' | ((body: Body, ctx: HttpContext) => string | undefined);
  /** `token`: a token is needed even from this machine. */
  readonly access?: 'token';
  /** False: it changes nothing of the gateway, and is logged like a request that reads. Default: whether it writes with the scope `admin`. */
  readonly isChange?: false;
  /** For a path with its own credentials: a route that accepts only `body`. */
  readonly authorize?: OwnCredentials<Params>;
  /** Not set: a request with a body is refused. */
  readonly body?: SchemaMaker<Body>;
  /** Media types with descriptions: the body is `body` or one of these, is not held in memory, and is validated by the handler. */
  readonly upload?: Readonly<Record<string, string>>;
  /** Bodies up to this number of bytes are accepted even if `gateway.maxBodyBytes` is less. Default: 32 MiB below `/v1`, otherwise 0. */
  readonly minimumBodyLimit?: number;
  /** Larger bodies are refused even if `gateway.maxBodyBytes` is more: set where callers need no credentials. */
  readonly maximumBodyLimit?: number;
  /** True: a missing body counts as `{}`. */
  readonly isBodyOptional?: boolean;
  /** Whether the handler also reads the raw body, which is then held in memory until the answer ends. */
  readonly needsSource?: boolean;
  /** Not set: the query is ignored. */
  readonly query?: SchemaMaker<Query>;
  /** Returns the body of the answer; undefined if the handler has set it itself, as for streams and files. */
  readonly handle: (ctx: HttpContext, input: RouteInput<Body, Query, Params>) => unknown;
}

export interface RouteTools {
  readonly readJson: ReadJson;
  readonly openUpload: OpenUpload;
  readonly refuseCredentials: RefuseCredentials;
  readonly requireToken: RequireToken;
  readonly beginRequest: TokenRequests['begin'];
  readonly streams: Pick<AdmittedStreams, 'note'>;
}

/** The input and answers of a route, for the OpenAPI document. */
export interface RouteFacts extends Omit<RouteDefinition<unknown, unknown>, 'handle' | 'agentOf' | 'authorize' | 'params'> {
  /** Not set if the route has no credentials of its own. */
  readonly authorize?: unknown;
  readonly params?: Readonly<Record<string, SchemaMaker<unknown>>>;
}

export interface Route {
  readonly method: keyof typeof VERBS;
  readonly path: string;
  readonly facts: RouteFacts;
  readonly toMiddleware: (tools: RouteTools) => HttpMiddleware;
}

function once<Value>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => (value ??= make());
}

/** Returns a function that returns the checked parameters of a request's path. @throws INVALID_REQUEST */
function paramsReader<Body, Query, Params>({ path, params = {} as never }: RouteDefinition<Body, Query, Params>) {
  const makers = Object.entries<SchemaMaker<unknown>>(params).filter(([name]) => path.includes(`:${name}`));
  const schemas = makers.map(([name, make]) => [name, once(make)] as const);
  // Most requests have none, and `/health` pays for each allocation.
  const none = {} as Params;
  return (ctx: HttpContext): Params =>
    schemas.length === 0
      ? none
      : (Object.fromEntries(
          schemas.map(([name, schema]) => [name, validate(schema(), ctx.params[name], `'${name}' in the path`)]),
        ) as Params);
}

/** A model call carries its whole conversation, including images. */
const MODEL_BODY_BYTES = 33_554_432;

async function readBody<Body, Query, Params>(
  ctx: HttpContext,
  definition: RouteDefinition<Body, Query, Params>,
  { readJson, refuseCredentials, params }: Pick<RouteTools, 'readJson' | 'refuseCredentials'> & { readonly params: Params },
): Promise<{ readonly body: unknown; readonly rawBody?: Buffer }> {
  const { path, maximumBodyLimit: maximumLimit, authorize } = definition;
  const isModelCall = path.startsWith('/v1/');
  const minimumLimit = definition.minimumBodyLimit ?? (isModelCall ? MODEL_BODY_BYTES : 0);
  const check =
    authorize &&
    (async (rawBody: Buffer): Promise<void> => {
      const verdict = authorize.check(ctx, rawBody, params);
      if (verdict === 'valid') return;
      await refuseCredentials(ctx.state.caller.client, { ...authorize.refusal, isWrong: verdict === 'wrong' });
    });
  const read = await readJson(ctx, { minimumLimit, maximumLimit, isModelCall, authorize: check });
  if (read !== undefined) return definition.needsSource === true ? read : { body: read.body };
  if (definition.isBodyOptional === true) return { body: {} };
  throw new GatewayError('INVALID_REQUEST', { message: `${definition.method} ${path} needs a JSON body.` });
}

/** Called before anything of a request with an access token is read. @throws FORBIDDEN, RATE_LIMITED */
async function admit<Body, Query, Params>(
  access: AccessToken,
  { method, scope, agentOf }: RouteDefinition<Body, Query, Params>,
  { ctx, beginRequest }: { ctx: HttpContext; beginRequest: RouteTools['beginRequest'] },
): Promise<void> {
  if (scope === 'public') return;
  mayCall(access, method, scope);
  if (agentOf === undefined && scope !== 'any') mayUseAllAgents(access);
  await beginRequest(access, { response: ctx.res, address: ctx.state.caller.client.address });
}

const isDocument = (answer: unknown): boolean =>
  Array.isArray(answer) || (answer !== null && Object.getPrototypeOf(answer) === Object.prototype);

/** Serializes the document here: Koa would first check whether it is a `Response`, for which Node loads its `fetch`. */
function setBody(ctx: HttpContext, answer: unknown): void {
  if (!isDocument(answer)) {
    ctx.body = answer;
    return;
  }
  if (!ctx.res.hasHeader('Content-Type')) ctx.type = 'json';
  ctx.body = JSON.stringify(answer);
}

/** For operations of the owner: a token is needed even from this machine. */
export const OWNER_ONLY = { scope: 'admin', access: 'token' } as const;

/** Creates a route. Its input has been checked before `handle` is called. */
export function route<Body = undefined, Query = undefined, Params = object>(definition: RouteDefinition<Body, Query, Params>): Route {
  const { method, path, scope, access, agentOf, upload: types, media } = definition;
  if (definition.authorize !== undefined && (definition.body === undefined || types !== undefined))
    throw new TypeError(`${method} ${path}: its credentials would not be checked`);
  const uploadTypes = types && ['application/json', ...Object.keys(types)];
  const bodySchema = once(() => definition.body?.());
  const querySchema = once(() => definition.query?.());
  const paramsOf = paramsReader(definition);
  const toMiddleware = (tools: RouteTools): HttpMiddleware => {
    const { readJson, refuseCredentials, openUpload, requireToken, beginRequest, streams } = tools;
    return async (ctx) => {
      const { state } = ctx;
      state.route = path;
      state.isChange = definition.isChange ?? (scope === 'admin' && method !== 'GET');
      if (media !== undefined) ctx.set(FILE_HEADERS);
      if (access === 'token') state.access = await requireToken(state.caller);
      if (state.access !== undefined) await admit(state.access, definition, { ctx, beginRequest });
      const params = paramsOf(ctx);
      const upload = uploadTypes && openUpload(ctx, uploadTypes);
      if (definition.body === undefined && upload === undefined) refuseBody(ctx);
      const isRead = definition.body !== undefined && upload === undefined;
      const { body: raw, rawBody: source } = isRead ? await readBody(ctx, definition, { readJson, refuseCredentials, params }) : {};
      const body = bodySchema();
      const query = querySchema();
      // In a `PATCH`, null means to remove.
      const validateBody = method === 'POST' ? validateWithNulls : validate;
      const input = (body === undefined || upload !== undefined ? undefined : validateBody(body, raw, 'body')) as Body;
      if (typeof agentOf === 'function') mayUseAgent(state.access, agentOf(input, ctx));
      const answer = await definition.handle(ctx, {
        params,
        upload: upload as Upload,
        body: input,
        source: source as Buffer,
        query: (query === undefined ? undefined : validate(query, { ...ctx.query }, 'query')) as Query,
      });
      if (answer !== undefined) setBody(ctx, answer);
      if (scope !== 'public' && ctx.body instanceof Readable) streams.note(ctx, { body: ctx.body, needsToken: access === 'token' });
    };
  };
  return { method, path, facts: definition, toMiddleware };
}

/** `:key`, or `{*id}` for the rest of a path. */
const HAS_PARAMETER = /[:*]/;

type HttpRouter = Router<RequestState, RouterExtras>;

const newRouter = (): HttpRouter => new Router({ sensitive: true, strict: true });

/**
 * A router for each path without a parameter, and one for all paths that have one. A router tests each of its routes for every
 * request: a single one for all of them would cost as much as the rest of Koa. Paths match exactly as written: case-sensitive, no
 * trailing slash. If a path lacks a method, routes with a parameter are tried next.
 */
export function routesMiddleware(routes: readonly Route[], tools: RouteTools): HttpMiddleware {
  const withParameter = newRouter();
  const fixed = new Map<string, HttpRouter>();
  for (const { method, path, toMiddleware } of routes) {
    const router = HAS_PARAMETER.test(path) ? withParameter : (fixed.get(path) ?? newRouter());
    if (router !== withParameter) fixed.set(path, router);
    router[VERBS[method]](path, toMiddleware(tools) as never);
  }
  const others = withParameter.routes() as HttpMiddleware;
  const ofPath = new Map([...fixed].map(([path, router]) => [path, router.routes() as HttpMiddleware]));
  return (ctx, next) => {
    const router = ofPath.get(ctx.path);
    return router === undefined ? others(ctx, next) : router(ctx, () => others(ctx, next) as Promise<void>);
  };
}
