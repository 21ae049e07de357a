/** Types of the API's OpenAPI document, for the used part of the specification. Source: OpenAPI Specification 3.1.1. */
import type { JsonSchema } from '../../../../shared/api/json-schema.js';

export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string; readonly description: string; readonly license: JsonSchema };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, Answered>>;
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>;
  };
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly style?: string;
  readonly explode?: boolean;
  readonly schema: JsonSchema;
}

export interface Reference {
  readonly $ref: string;
}

export interface Answered {
  readonly description: string;
  readonly headers?: Readonly<Record<string, JsonSchema>>;
  readonly content?: Content;
}

export type Content = Readonly<Record<string, { readonly schema: JsonSchema; readonly example?: unknown }>>;

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  /** The scopes of which an access token needs one; empty: any token is sufficient. Missing: no token is needed. */
  readonly 'x-scopes'?: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  /** Responses for failures are references. */
  readonly responses: Readonly<Record<string, Answered | Reference>>;
  /** The frames of a WebSocket. */
  readonly 'x-websocket'?: { readonly fromClient: Reference; readonly fromServer: Reference };
}

/** Returns the response with a status; undefined where the operation never answers with it. */
export function responseOf({ components }: OpenApiDocument, { responses }: Operation, status: number): Answered | undefined {
  const response = responses[status];
  if (response === undefined || !('$ref' in response)) return response;
  return components.responses[response.$ref.split('/').at(-1) ?? ''];
}
