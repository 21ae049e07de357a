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
import { validate } from '../../../../../shared/api/validate.js';
import { GatewayError } from '../../../../../shared/errors.js';
import type { ConfigService } from '../../../config/config-documents.js';
import type { HttpContext } from '../../context.js';
import { given } from '../../given.js';
import { type Route, route } from '../../route.js';

const IF_MATCH = { 'If-Match': 'The revision that is to be changed, as `ETag` gave it' };

/** @returns undefined where the caller named none, or any */
function expectedRevision(ctx: HttpContext): { expectedRevision?: string } {
  const header = ctx.get('If-Match').trim();
  if (header === '' || header === '*') return {};
  const tag = /^"([^"]*)"$/.exec(header)?.[1];
  if (tag === undefined) {
    throw new GatewayError('INVALID_REQUEST', { message: 'The If-Match header must be one strong entity tag, as ETag gave it: "…".' });
  }
  return given({ expectedRevision: tag });
}

function tag(ctx: HttpContext, revision: string): void {
  ctx.set('ETag', `"${revision}"`);
}

function modelsJsonRoutes(config: ConfigService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/models-json',
      access: 'token',
      summary: 'Read models.json, its secrets masked',
      answer: modelsJsonResponse,
      async handle(ctx) {
        const { revision, config: document } = await config.readModels();
        tag(ctx, revision);
        ctx.body = document;
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/models-json',
      access: 'token',
      summary: 'Change models.json by a merge patch; comments and masked secrets stay',
      headers: IF_MATCH,
      body: mergePatch,
      answer: modelsJsonResponse,
      async handle(ctx, { body }) {
        const { revision, config: document } = await config.patchModels(body, expectedRevision(ctx));
        tag(ctx, revision);
        ctx.body = document;
      },
    }),
    route({
      method: 'POST',
      path: '/api/models-json/undo',
      access: 'token',
      summary: 'Take back the last change that xopc made to models.json; a second time brings it back',
      headers: IF_MATCH,
      answer: modelsJsonResponse,
      async handle(ctx) {
        const { revision, config: document } = await config.undoModels(expectedRevision(ctx));
        tag(ctx, revision);
        ctx.body = document;
      },
    }),
  ];
}

const versionId = (ctx: HttpContext): string => validate(configVersionId(), ctx.params['id'], 'version id');

function versionRoutes(config: ConfigService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/config/versions',
      access: 'token',
      summary: 'List the earlier versions of config.json that are kept',
      answer: configVersionsResponse,
      async handle(ctx) {
        ctx.body = { status: 'ok', versions: await config.versions() };
      },
    }),
    route({
      method: 'GET',
      path: '/api/config/versions/:id',
      params: { id: configVersionId },
      access: 'token',
      summary: 'Read an earlier version of config.json, its secrets masked',
      answer: configVersionResponse,
      async handle(ctx) {
        const { text, ...version } = await config.readVersion(versionId(ctx));
        ctx.body = { status: 'ok', version, text };
      },
    }),
    route({
      method: 'POST',
      path: '/api/config/versions/:id/restore',
      params: { id: configVersionId },
      access: 'token',
      summary: 'Put an earlier version in the place of config.json, with its secrets',
      headers: IF_MATCH,
      answer: configTextWrittenResponse,
      async handle(ctx) {
        const outcome = await config.restoreVersion(versionId(ctx), expectedRevision(ctx));
        tag(ctx, outcome.revision);
        ctx.body = { status: 'ok', ...outcome };
      },
    }),
  ];
}

function textRoutes(config: ConfigService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/config/text',
      access: 'token',
      summary: 'Read config.json as it is written, its secrets masked',
      answer: configTextResponse,
      async handle(ctx) {
        const view = await config.readText();
        tag(ctx, view.revision);
        ctx.body = { status: 'ok', ...view };
      },
    }),
    route({
      method: 'POST',
      path: '/api/config/text',
      access: 'token',
      summary: 'Replace config.json, or only have a text judged; masked secrets stay',
      headers: IF_MATCH,
      body: configTextRequest,
      answer: configTextWrittenResponse,
      async handle(ctx, { body: { text, dryRun } }) {
        const outcome = await config.writeText(text, { dryRun, ...expectedRevision(ctx) });
        tag(ctx, outcome.revision);
        ctx.body = { status: 'ok', ...outcome };
      },
    }),
  ];
}

export function configRoutes(config: ConfigService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/config',
      access: 'token',
      summary: 'Read config.json, what is in force, and where each value comes from',
      answer: configResponse,
      async handle(ctx) {
        const view = await config.read();
        tag(ctx, view.revision);
        ctx.body = { status: 'ok', ...view };
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/config',
      access: 'token',
      summary: 'Change config.json by a merge patch; comments and masked secrets stay',
      headers: IF_MATCH,
      body: mergePatch,
      answer: configPatchResponse,
      async handle(ctx, { body }) {
        const view = await config.patch(body, expectedRevision(ctx));
        tag(ctx, view.revision);
        ctx.body = { status: 'ok', ...view };
      },
    }),
    route({
      method: 'GET',
      path: '/api/config/schema',
      access: 'token',
      summary: 'Read the JSON Schema of config.json',
      answer: configSchemaResponse,
      handle(ctx) {
        ctx.body = config.schema();
      },
    }),
    ...textRoutes(config),
    ...versionRoutes(config),
    ...modelsJsonRoutes(config),
  ];
}
