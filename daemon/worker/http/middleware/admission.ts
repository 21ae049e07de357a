/** Applies the gate's decision. CORS headers are set before the token is checked, so that a page can read the refusal. */
import type { Socket } from 'node:net';
import { GatewayError } from '../../../../shared/errors.js';
import type { ClientAddress } from '../admission/client-address.js';
import type { RefuseCredentials, RequireToken } from '../admission/credentials.js';
import type { Gate, Refusal } from '../admission/gate.js';
import type { HttpMiddleware } from '../context.js';
import type { AnonymousLoad } from './anonymous-load.js';

/** Always rejects: INVALID_REQUEST, FORBIDDEN, UNAUTHORIZED, RATE_LIMITED. */
export async function refuse({ reason }: Refusal, client: ClientAddress, refuseCredentials: RefuseCredentials): Promise<never> {
  if (reason instanceof GatewayError) throw reason;
  return await refuseCredentials(client, reason);
}

interface AdmissionDeps {
  readonly gate: Gate;
  readonly refuseCredentials: RefuseCredentials;
  readonly requireToken: RequireToken;
  readonly cors: HttpMiddleware;
  /** Called with the socket of a remote client that has presented credentials, or needs none. */
  readonly entitle: (socket: Socket) => void;
  readonly load: Pick<AnonymousLoad, 'begin'>;
}

/** Sets `caller`. */
export function admission({ gate, refuseCredentials, requireToken, cors, entitle, load }: AdmissionDeps): HttpMiddleware {
  return (ctx, next) => {
    const { caller, refusal } = gate(ctx.req, ctx.path);
    ctx.state.caller = caller;
    ctx.state.access = caller.access;
    if (refusal === undefined) {
      if (!caller.client.isLocal) {
        if (caller.token === 'valid' || !caller.needsToken) entitle(ctx.req.socket);
        else load.begin(caller.client, ctx.req, ctx.res);
      }
      return cors(ctx, next);
    }
    if (refusal.rule !== 'token') return refuse(refusal, caller.client, refuseCredentials);
    return cors(ctx, async () => {
      ctx.state.access = await requireToken(caller);
      entitle(ctx.req.socket);
      await next();
    });
  };
}
