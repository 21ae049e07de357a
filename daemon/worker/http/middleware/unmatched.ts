/** Answers requests that no route handles: OPTIONS, 405 with `Allow` if the path has other methods, else 404. */
import { GatewayError } from '../../../../shared/errors.js';
import type { HttpContext, HttpMiddleware } from '../context.js';

function allowedMethods(ctx: HttpContext): string[] {
  const methods = new Set((ctx.matched ?? []).flatMap((layer) => layer.methods));
  return methods.size === 0 ? [] : [...methods, 'OPTIONS'];
}

/** The first request of Ollama clients. Ollama's API is not supported, because they all support OpenAI's too. */
const OLLAMA = /^\/api\/(tags|chat|generate|embed|embeddings|show|ps|version|pull)$/;

/** OpenAI operations that are not supported here, but whose paths look like those of a response. */
const NO_RESPONSE = /^\/v1\/responses\/(input_tokens|compact)$/;

function nothingAt(path: string): GatewayError {
  const message = `There is nothing at ${path.slice(0, 200)}.`;
  if (!OLLAMA.test(path)) return new GatewayError('NOT_FOUND', { message });
  return new GatewayError('NOT_FOUND', {
    message,
    hint: 'The Ollama API is not supported; choose the OpenAI-compatible one at /v1.',
  });
}

export const unmatched: HttpMiddleware = (ctx) => {
  const methods = ctx.path === '*' ? ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'] : allowedMethods(ctx);
  if (methods.length === 0 || (ctx.method === 'POST' && NO_RESPONSE.test(ctx.path))) throw nothingAt(ctx.path);
  ctx.set('Allow', methods.join(', '));
  if (ctx.method !== 'OPTIONS') {
    throw new GatewayError('METHOD_NOT_ALLOWED', {
      message: `${ctx.path.slice(0, 200)} does not support ${ctx.method}, only ${methods.join(', ')}.`,
    });
  }
  ctx.status = 204;
};
