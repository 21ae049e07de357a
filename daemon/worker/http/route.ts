/** A route as data: what it takes, who may call it, and what it does. The OpenAPI document is made from the same fields. */
import { type Layer, Router } from '@koa/router';
import { type Schema, validate } from '../../../shared/api/validate.js';
import { GatewayError } from '../../../shared/errors.js';
import { type HttpContext, type HttpMiddleware, type RequestState, type RouterExtras } from './context.js';
import type { DemandToken, RefuseCredentials } from './admission/auth.js';
import type { OpenUpload, Upload } from './middleware/upload.js';
import { type ReadJson, refuseBody } from './middleware/body.js';

/** A schema's maker: schemas are built when a route is first used, so that none costs start-up time. */
export type SchemaMaker<Output> = () => Schema<Output>;

export interface RouteInput<Body, Query> {
  readonly body: Body;
  /** Of a route with `upload`. */
  readonly upload: Upload;
  readonly query: Query;
}

/** What the OpenAPI document tells of a route beside what it takes. */
export interface RouteText {
  /** One line; a route without it is no part of the API: the page's own files. */
  readonly summary?: string;
  /** Schemas of the path's parameters. The handler checks them. */
  readonly params?: Readonly<Record<string, SchemaMaker<unknown>>>;
  /** Headers that it takes beside those of every route, with what they are for. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The JSON document of a 200. */
  readonly answer?: SchemaMaker<unknown>;
  /** Other media types of a 200, with what they hold. */
  readonly media?: Readonly<Record<string, string>>;
}

export interface RouteDefinition<Body, Query> extends RouteText {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** `token`: the token is needed even from this machine. */
  readonly access?: 'token';
  /**
   * For paths with credentials of their own: judges them, before what was sent is looked at.
   * @param rawBody  the body as it arrived
   */
  readonly authorize?: (ctx: HttpContext, rawBody: Buffer) => 'valid' | 'none' | 'wrong';
  /** What a caller is told whose credentials are not valid. */
  readonly refusal?: { readonly message: string; readonly hint: string };
  /** Without it, a request that has a body is refused. */
  readonly body?: SchemaMaker<Body>;
  /** Media types, with what they hold: the body is `body` or one of these, is not held in memory, and is checked by the handler. */
  readonly upload?: Readonly<Record<string, string>>;
  /** Bytes: bodies up to this are taken even where `gateway.maxBodyBytes` is less. */
  readonly minimumBodyLimit?: number;
  /** True: no body at all counts as `{}`. */
  readonly isBodyOptional?: boolean;
  /** Without it, the query is ignored. */
  readonly query?: SchemaMaker<Query>;
  readonly handle: (ctx: HttpContext, input: RouteInput<Body, Query>) => Promise<void> | void;
  /** Of a POST that is called very often: the document that answers a request with nothing but a body (direct.ts). As `handle`, else. */
  readonly direct?: (body: Body) => Promise<object>;
}

export interface RouteTools {
  readonly readJson: ReadJson;
  readonly openUpload: OpenUpload;
  readonly demandToken: DemandToken;
  readonly refuseCredentials: RefuseCredentials;
}

/** What a route takes and answers, for the OpenAPI document. */
export interface RouteFacts extends RouteText {
  readonly access: 'token' | 'own' | undefined;
  readonly body?: SchemaMaker<unknown>;
  readonly upload?: Readonly<Record<string, string>>;
  readonly isBodyOptional: boolean;
  readonly query?: SchemaMaker<unknown>;
}

/** How a route is answered before Koa. */
export interface DirectRoute {
  readonly path: string;
  /** @param body  as it was parsed. @throws INVALID_REQUEST, and what the route throws */
  answer(body: unknown): Promise<object>;
}

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly facts: RouteFacts;
  readonly toMiddleware: (tools: RouteTools) => HttpMiddleware;
  readonly direct: DirectRoute | undefined;
}

function once<Value>(make: (() => Value) | undefined): () => Value | undefined {
  let value: Value | undefined;
  return () => (value ??= make?.());
}

async function bodyOf<Body, Query>(ctx: HttpContext, definition: RouteDefinition<Body, Query>, readJson: ReadJson): Promise<unknown> {
  if (definition.body === undefined) return refuseBody(ctx);
  const body = await readJson(ctx, definition.minimumBodyLimit);
  if (body !== undefined) return body;
  if (definition.isBodyOptional === true) return {};
  throw new GatewayError('INVALID_REQUEST', { message: `${definition.method} ${definition.path} needs a JSON body.` });
}

const UNKNOWN_CALLER = {
  message: 'The credentials for this are missing or wrong.',
  hint: "They are those of the account that is called, not the gateway's token.",
};

async function demandAuthorization<Body, Query>(
  ctx: HttpContext,
  { authorize, refusal = UNKNOWN_CALLER }: RouteDefinition<Body, Query>,
  refuse: RefuseCredentials,
): Promise<void> {
  const verdict = authorize?.(ctx, ctx.state.rawBody?.() ?? Buffer.alloc(0));
  if (verdict === 'none') throw new GatewayError('UNAUTHORIZED', refusal);
  if (verdict === 'wrong') await refuse(ctx, refusal);
}

/** Makes a route; what it takes has been checked when `handle` runs. */
export function route<Body = undefined, Query = undefined>(definition: RouteDefinition<Body, Query>): Route {
  const bodySchema = once(definition.body);
  const querySchema = once(definition.query);
  const toMiddleware = ({ readJson, openUpload, demandToken, refuseCredentials }: RouteTools): HttpMiddleware => {
    return async (ctx) => {
      if (definition.access === 'token') await demandToken(ctx);
      const { upload: types } = definition;
      const upload = types && openUpload(ctx, ['application/json', ...Object.keys(types)]);
      const raw = upload === undefined ? await bodyOf(ctx, definition, readJson) : undefined;
      await demandAuthorization(ctx, definition, refuseCredentials);
      const body = bodySchema();
      const query = querySchema();
      await definition.handle(ctx, {
        upload: upload as Upload,
        body: (body === undefined || upload !== undefined ? undefined : validate(body, raw, 'body')) as Body,
        query: (query === undefined ? undefined : validate(query, { ...ctx.query }, 'query')) as Query,
      });
    };
  };
  const { method, path, isBodyOptional = false } = definition;
  const access = definition.authorize === undefined ? definition.access : 'own';
  const { direct: act } = definition;
  const direct = act && { path, answer: (raw: unknown) => act(validate(bodySchema() as Schema<Body>, raw, 'body')) };
  return { method, path, facts: { ...definition, access, isBodyOptional }, toMiddleware, direct };
}

interface Exact {
  readonly layer: Layer;
  readonly middleware: HttpMiddleware;
}

/**
 * Exact paths, as they are written: no other case, no final slash; what looks like another path is another path. A path
 * without parameters is found in a table, where the router would try the patterns of all others before it.
 */
export function routesMiddleware(routes: readonly Route[], tools: RouteTools): HttpMiddleware {
  const router = new Router<RequestState, RouterExtras>({ sensitive: true, strict: true });
  const exact = new Map<string, Exact>();
  for (const { method, path, toMiddleware } of routes) {
    const middleware = toMiddleware(tools);
    const layer = router.register(path, [method], middleware as never);
    const isFirst = router.match(path, method).pathAndMethod[0] === layer;
    if (isFirst && !path.includes(':')) exact.set(`${method} ${path}`, { layer: layer as unknown as Layer, middleware });
  }
  const others = router.routes() as HttpMiddleware;
  return (ctx, next) => {
    const found = exact.get(`${ctx.method} ${ctx.path}`);
    if (found === undefined) return others(ctx, next);
    ctx.matched = [found.layer];
    return found.middleware(ctx, next);
  };
}
