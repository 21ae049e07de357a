/** A call to this gateway as a command line for a shell. */
import type { Call } from './call.js';
import { curlLine } from './command-line.js';
import { gatewayUrl } from './gateway-url.js';
import { session } from './session.js';

/** Need the token from everywhere. */
const PRIVATE = /^\/api\/(?:logs|config|models-json|tokens|providers\/test|mcp\/)\b/;

export function toCurl(call: Call): string {
  return curlLine(call, { url: gatewayUrl(call.path), hasToken: session.peek().needsToken || PRIVATE.test(call.path) });
}
