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

function tag(ctx: HttpContext, revision: string): void {
  ctx.set('ETag', `"${revision}"`);
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
      async handle(ctx) {
        const { revision, config: document } = await config.readModels();
        tag(ctx, revision);
        return document;
      },
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
      async handle(ctx, { body }) {
        const { revision, config: document } = await config.patchModels(body, expectedRevision(ctx));
        tag(ctx, revision);
        return document;
      },
    }),
    route({
      ...OWNER_ONLY,
      method: 'POST',
      path: '/api/models-json/undo',
      summary: 'Undo the last change that xopc made to models.json; a second undo redoes it',
      errors: ['NOT_FOUND', 'CONFLICT', 'CONFIG_INVALID'],
      headers: IF_MATCH,
      answer: modelsJsonResponse,
      async handle(ctx) {
        const { revision, config: document } = await config.undoModels(expectedRevision(ctx));
        tag(ctx, revision);
        return document;
      },
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
      async handle(ctx, { params }) {
        const outcome = await config.restoreVersion(params.id, expectedRevision(ctx));
        tag(ctx, outcome.revision);
        return { status: 'ok', ...outcome };
      },
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
      async handle(ctx) {
        const view = await config.readText();
        tag(ctx, view.revision);
        return { status: 'ok', ...view };
      },
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
        const outcome = await config.writeText(text, { dryRun, ...expectedRevision(ctx) });
        tag(ctx, outcome.revision);
        return { status: 'ok', ...outcome };
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
      async handle(ctx) {
        const view = await config.read();
        tag(ctx, view.revision);
        return { status: 'ok', ...view };
      },
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
      async handle(ctx, { body }) {
        const view = await config.patch(body, expectedRevision(ctx));
        tag(ctx, view.revision);
        return { status: 'ok', ...view };
      },
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
