import {
  configPatchResponse,
  configResponse,
  configSchemaResponse,
  configTextRequest,
  configTextResponse,
  configTextWrittenResponse,
  configVersionId,
  configVersionResponse,
  configVersionsResponse,
  mergePatch,
  modelsJsonResponse,
} from '../../../../../shared/api/gateway/config.js';
import { MAX_CONFIG_BYTES } from '../../../../../shared/config/defaults.js';
import { GatewayError } from '../../../../../shared/errors.js';
import type { HttpContext } from '../../context.js';
import { definedFields } from '../../../../../shared/fields.js';
import { OWNER_ONLY, type Route, route } from '../../route.js';
import type { RouteDeps, Services } from '../../services.js';

const IF_MATCH = { 'If-Match': 'The revision to change, from `ETag`' };

/** @returns undefined if the caller named none, or `*` */
function expectedRevision(ctx: HttpContext): { expectedRevision?: string } {
  const header = ctx.get('If-Match').trim();
  if (header === '' || header === '*') return {};
  // A proxy that compresses the answer makes its tag a weak one.
  const tag = /^(?:W\/)?"([^"]*)"$/.exec(header)?.[1];
  if (tag === undefined) {
    throw new GatewayError('INVALID_REQUEST', { message: 'The If-Match header must be one entity tag from ETag: "…".' });
  }
  return definedFields({ expectedRevision: tag });
}

/** Sets the header that names the revision which the answer shows. @returns the answer */
async function tagged<View extends { readonly revision: string }>(ctx: HttpContext, reading: Promise<View>): Promise<View> {
  const view = await reading;
  ctx.set('ETag', `"${view.revision}"`);
  return view;
}

function modelsJsonRoutes(config: Services['config']): Route[] {
  return [
    route({
      ...OWNER_ONLY,
      method: 'GET',
      path: '/api/models-json',
      summary: 'Read models.json with masked secrets',
      errors: ['CONFIG_INVALID'],
      answer: modelsJsonResponse,
      handle: async (ctx) => (await tagged(ctx, config.readModels())).config,
    }),
    route({
      ...OWNER_ONLY,
      method: 'PATCH',
      path: '/api/models-json',
      summary: 'Change models.json by a merge patch; comments and masked secrets are kept',
      errors: ['CONFLICT', 'CONFIG_INVALID'],
      headers: IF_MATCH,
      body: mergePatch,
      answer: modelsJsonResponse,
      handle: async (ctx, { body }) => (await tagged(ctx, config.patchModels(body, expectedRevision(ctx)))).config,
    }),
    route({
      ...OWNER_ONLY,
      method: 'POST',
      path: '/api/models-json/undo',
      summary: 'Undo the last change that xopc made to models.json; a second undo redoes it',
      errors: ['NOT_FOUND', 'CONFLICT', 'CONFIG_INVALID'],
      headers: IF_MATCH,
      answer: modelsJsonResponse,
      handle: async (ctx) => (await tagged(ctx, config.undoModels(expectedRevision(ctx)))).config,
    }),
  ];
}

function versionRoutes(config: Services['config']): Route[] {
  return [
    route({
      ...OWNER_ONLY,
      method: 'GET',
      path: '/api/config/versions',
      summary: 'List the earlier versions of config.json',
      answer: configVersionsResponse,
      handle: async () => ({ status: 'ok', versions: await config.versions() }),
    }),
    route({
      ...OWNER_ONLY,
      method: 'GET',
      path: '/api/config/versions/:id',
      params: { id: configVersionId },
      summary: 'Read an earlier version of config.json with masked secrets',
      errors: ['NOT_FOUND'],
      answer: configVersionResponse,
      async handle(_ctx, { params }) {
        const { text, ...version } = await config.readVersion(params.id);
        return { status: 'ok', version, text };
      },
    }),
    route({
      ...OWNER_ONLY,
      method: 'POST',
      path: '/api/config/versions/:id/restore',
      params: { id: configVersionId },
      summary: 'Restore an earlier version of config.json with its secrets',
      errors: ['NOT_FOUND', 'CONFLICT', 'CONFIG_INVALID'],
      headers: IF_MATCH,
      answer: configTextWrittenResponse,
      handle: async (ctx, { params: { id } }) => ({
        status: 'ok',
        ...(await tagged(ctx, config.restoreVersion(id, expectedRevision(ctx)))),
      }),
    }),
  ];
}

function textRoutes(config: Services['config']): Route[] {
  return [
    route({
      ...OWNER_ONLY,
      method: 'GET',
      path: '/api/config/text',
      summary: 'Read config.json as written, with masked secrets',
      answer: configTextResponse,
      handle: async (ctx) => ({ status: 'ok', ...(await tagged(ctx, config.readText())) }),
    }),
    route({
      ...OWNER_ONLY,
      method: 'POST',
      path: '/api/config/text',
      summary: 'Replace config.json, or only validate a text; masked secrets are kept',
      errors: ['CONFLICT', 'CONFIG_INVALID'],
      headers: IF_MATCH,
      body: configTextRequest,
      minimumBodyLimit: 2 * MAX_CONFIG_BYTES,
      answer: configTextWrittenResponse,
      async handle(ctx, { body: { text, dryRun } }) {
        // The page validates a text while it is typed.
        if (dryRun) ctx.state.isChange = false;
        return { status: 'ok', ...(await tagged(ctx, config.writeText(text, { dryRun, ...expectedRevision(ctx) }))) };
      },
    }),
  ];
}

export function configRoutes({ services: { config } }: RouteDeps): Route[] {
  return [
    route({
      ...OWNER_ONLY,
      method: 'GET',
      path: '/api/config',
      summary: 'Read config.json, the values in effect and their sources',
      errors: ['CONFIG_INVALID'],
      answer: configResponse,
      handle: async (ctx) => ({ status: 'ok', ...(await tagged(ctx, config.read())) }),
    }),
    route({
      ...OWNER_ONLY,
      method: 'PATCH',
      path: '/api/config',
      summary: 'Change config.json by a merge patch; comments and masked secrets are kept',
      errors: ['CONFLICT', 'CONFIG_INVALID'],
      headers: IF_MATCH,
      body: mergePatch,
      answer: configPatchResponse,
      handle: async (ctx, { body }) => ({ status: 'ok', ...(await tagged(ctx, config.patch(body, expectedRevision(ctx)))) }),
    }),
    route({
      ...OWNER_ONLY,
      method: 'GET',
      path: '/api/config/schema',
      summary: 'Read the JSON Schema of config.json',
      answer: configSchemaResponse,
      handle: () => config.schema(),
    }),
    ...textRoutes(config),
    ...versionRoutes(config),
    ...modelsJsonRoutes(config),
  ];
}
