/**
 * `/api/config` and `/api/models-json`: the two files that users edit, read and changed in place. Both always need the
 * token. A secret is shown as `{"$secret": true, "hint": "…7890"}`; sending that object back keeps the secret.
 */
import * as z from 'zod';
import { MAX_CONFIG_BYTES } from '../../config/defaults.js';
import { type Answer, okStatus, reasonFields } from '../fields.js';

const fields = () => z.record(z.string(), z.unknown());

/** Body of both PATCHes: a JSON merge patch (RFC 7396). Keys that the patch does not name stay as written; null removes a key. */
export const mergePatch = fields;

const source = () => z.enum(['file', 'env', 'flag', 'default']);

/** `GET /api/config`. `revision` is also the ETag; with `If-Match`, a PATCH applies only to that revision. */
export const configResponse = () =>
  z.strictObject({
    status: okStatus(),
    revision: z.string(),
    /** False while the gateway runs with another revision, because this one is new or invalid (see the warnings in the status). */
    inForce: z.boolean(),
    path: z.string(),
    /** As written: `${VAR}` is not replaced, secrets are masked. */
    config: fields(),
    /** The configuration in force, with defaults filled in and secrets masked. */
    effective: fields(),
    /** Dotted key → `file`, `env`, `flag` or `default`, for every value in effect. */
    sources: z.record(z.string(), source()),
    /** Dotted key → the variable or option that overrides the file: `XOPC_PORT`, `--port`. */
    pinned: z.record(z.string(), z.string()),
  });

/** Response to `PATCH /api/config`: the change is on disk and takes effect within a second, without a restart. */
export const configPatchResponse = () => z.strictObject({ status: okStatus(), revision: z.string(), config: fields() });

/** Problems of a text, with line and column from 1. */
const problems = () =>
  z.array(
    z.strictObject({
      file: z.string().optional(),
      line: z.int().optional(),
      column: z.int().optional(),
      key: z.string().optional(),
      message: z.string(),
      ...reasonFields(),
    }),
  );

/** `GET /api/config/text`: the file as written, with comments; secrets are masked. `problems` lists what prevents it from being parsed. */
export const configTextResponse = () =>
  z.strictObject({ status: okStatus(), revision: z.string(), path: z.string(), text: z.string(), problems: problems() });

/** Body of `POST /api/config/text`: the whole file. A masked value keeps its secret. `dryRun` only validates. */
export const configTextRequest = () => z.strictObject({ text: z.string().max(MAX_CONFIG_BYTES), dryRun: z.boolean().default(false) });

/** The result of writing a text. Nothing is written when there are problems. */
export const configTextWrittenResponse = () =>
  z.strictObject({
    status: okStatus(),
    /** Revision of the current file. */
    revision: z.string(),
    written: z.boolean(),
    problems: problems(),
  });

const version = () => z.strictObject({ id: z.string(), at: z.iso.datetime(), current: z.boolean() });

export const configVersionId = () => z.string().regex(/^\d{13,15}-[0-9a-f]{16}$/, 'must be an id of GET /api/config/versions');

/** `GET /api/config/versions`: earlier texts of the file, newest first. `current`: this is the file's current text. */
export const configVersionsResponse = () => z.strictObject({ status: okStatus(), versions: z.array(version()) });

/** `GET /api/config/versions/:id`: one version, secrets masked. */
export const configVersionResponse = () => z.strictObject({ status: okStatus(), version: version(), text: z.string() });

/** Response to `GET` and `PATCH /api/models-json`: the document itself, as written. */
export const modelsJsonResponse = fields;

/** `GET /api/config/schema`: the JSON Schema (2020-12) of `config.json`. */
export const configSchemaResponse = fields;

export type ConfigSource = z.output<ReturnType<typeof source>>;
export type ConfigView = Answer<typeof configResponse>;
/** A file as written, secrets masked. `revision` is the SHA-256 of its text. */
export type ConfigRevision = Answer<typeof configPatchResponse>;
export type ConfigText = Answer<typeof configTextResponse>;
export type ConfigTextOutcome = Answer<typeof configTextWrittenResponse>;
export type ConfigVersion = z.output<ReturnType<typeof version>>;
