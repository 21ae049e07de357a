/** Errors of `/mcp` outside of the protocol, in the shape of JSON-RPC. */
import type { McpErrorResponse } from '../../../../shared/api/tools/mcp-server.js';
import { errorBody } from '../../../../shared/error-document.js';
import type { GatewayError } from '../../../../shared/errors.js';
import { isNotJson } from '../middleware/body.js';

/** JSON-RPC 2.0, section 5.1: parse error, invalid request, internal error; servers may define codes from -32000 down to -32099. */
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
const INTERNAL_ERROR = -32_603;
const REFUSED = -32_000;

function codeOf(error: GatewayError): number {
  const { code, spec } = error;
  if (isNotJson(error)) return PARSE_ERROR;
  if (code === 'INVALID_REQUEST') return INVALID_REQUEST;
  return spec.status >= 500 ? INTERNAL_ERROR : REFUSED;
}

/** Returns the document and the status of an error. */
export function mcpError(error: GatewayError, requestId: string): { status: number; body: McpErrorResponse } {
  const { message, ...data } = errorBody(error, requestId).error;
  return { status: error.spec.status, body: { jsonrpc: '2.0', id: null, error: { code: codeOf(error), message, data } } };
}
