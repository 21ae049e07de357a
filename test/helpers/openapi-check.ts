/** Holds every answer against the OpenAPI document that the gateway gives of itself. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { describeRoutes } from '../../daemon/worker/http/openapi/describe-routes.js';
import { type OpenApiDocument, type Operation, responseOf } from '../../daemon/worker/http/openapi/document.js';
import type { Answer } from './http-request.js';

/** RFC 3339, section 5.6; and whatever is no relative reference. */
const FORMATS = { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, uri: /^[a-z][a-z0-9+.-]*:/i };

export interface ApiCheck {
  readonly document: OpenApiDocument;
  /** The name of the operation that a request is for. */
  operationOf(method: string, path: string): string | undefined;
  /** @throws an assertion that says what differs */
  check(asked: { method: string; path: string }, answer: Answer): void;
}

function errorSchemaOf(path: string): string {
  if (path === '/mcp') return 'McpError';
  if (/^\/v1\/messages(\/|$)/.test(path)) return 'AnthropicError';
  return /^\/v1(\/|$)/.test(path) ? 'OpenAiError' : 'Error';
}

export function createApiCheck(document: OpenApiDocument): ApiCheck {
  const ajv = new Ajv2020({ strict: false, formats: FORMATS, allErrors: true, logger: false });
  ajv.addSchema({ $id: 'https://xopc.test/openapi', components: document.components });
  const validators = new Map<string, ValidateFunction>();
  const patterns = Object.entries(document.paths).map(([template, item]) => ({
    item,
    template,
    // What is written out comes before what stands for anything.
    pattern: new RegExp(
      `^${template.replaceAll('.', '\\.').replaceAll(/\{(\w+)\}/g, template.startsWith('/v1/models/') ? '.+' : '[^/]+')}$`,
    ),
  }));

  function validatorFor(key: string, schema: object): ValidateFunction {
    const known =
      validators.get(key) ??
      ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"https://xopc.test/openapi#/components')) as object);
    validators.set(key, known);
    return known;
  }

  function operationFor(method: string, path: string): { operation: Operation; key: string } | undefined {
    const matching = patterns
      .filter(({ pattern }) => pattern.test(path))
      .toSorted((a, b) => a.template.split('{').length - b.template.split('{').length);
    const operation = matching[0]?.item[method.toLowerCase()];
    return operation === undefined ? undefined : { operation, key: operation.operationId };
  }

  return {
    document,
    operationOf: (method, path) => operationFor(method, path.split('?', 1)[0] ?? '')?.key,
    check({ method, path: target }, { status, headers, text, json }) {
      const path = target.split('?', 1)[0] ?? '';
      const found = operationFor(method, path);
      // What is not in the document can only be refused, in the shape of its part of the API.
      if (found === undefined && status < 400) return;
      const [type = ''] = String(headers['content-type'] ?? '').split(';');
      const about = `${found?.key ?? 'no operation'}: ${method} ${target} → ${status} ${type} ${text.slice(0, 300)}`;
      const errors = { $ref: `#/components/schemas/${errorSchemaOf(path)}` };
      const response =
        found === undefined ? { content: { 'application/json': { schema: errors } } } : responseOf(document, found.operation, status);
      expect(response, `not declared in \`errors\` of its route: ${about}`).toBeDefined();
      const types = Object.keys(response?.content ?? {});
      expect(types.includes('*/*') ? [type] : types, about).toContain(type);
      if (type !== 'application/json') return;
      const validate = validatorFor(`${found?.key ?? errors.$ref} ${status}`, response?.content?.[type]?.schema ?? {});
      expect(validate(json), `${about}\n${JSON.stringify(validate.errors)}`).toBe(true);
    },
  };
}

/** One for all apps of a test file: they differ in what they answer, not in what they describe. */
const shared: { check?: ApiCheck } = {};

export function checkAgainstOpenApi(asked: { method: string; path: string }, answer: Answer): void {
  if (!['GET', 'POST', 'PATCH', 'DELETE'].includes(asked.method)) return;
  shared.check ??= createApiCheck(describeRoutes('1.2.3'));
  shared.check.check(asked, answer);
}
