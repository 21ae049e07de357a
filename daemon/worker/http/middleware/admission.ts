/** Applies the gate's decision. CORS headers are set before the token is asked for, so that a page can read that refusal. */
import { GatewayError } from '../../../../shared/errors.js';
import type { RefuseCredentials } from '../admission/credentials.js';
import type { Gate, Refusal } from '../admission/gate.js';
import type { HttpMiddleware } from '../context.js';

/** Always rejects: INVALID_REQUEST, FORBIDDEN, UNAUTHORIZED, RATE_LIMITED. */
export async function refuse({ reason }: Refusal, address: string, refuseCredentials: RefuseCredentials): Promise<never> {
  if (reason instanceof GatewayError) throw reason;
  return await refuseCredentials(address, reason);
}

/** Sets `client`, `token` and `needsToken`. */
export function admission(gate: Gate, refuseCredentials: RefuseCredentials, cors: HttpMiddleware): HttpMiddleware {
  return (ctx, next) => {
    const { client, token, needsToken, refusal } = gate(ctx.req, ctx.path);
    ctx.state.client = client;
    ctx.state.token = token;
    ctx.state.needsToken = needsToken;
    if (refusal === undefined) return cors(ctx, next);
    const reject = (): Promise<never> => refuse(refusal, client.address, refuseCredentials);
    return refusal.rule === 'token' ? cors(ctx, reject) : reject();
  };
}
