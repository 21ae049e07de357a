/** Admits WebSockets: the gate of every request before the upgrade, and the token in the first frame after it. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { SOCKET_PATH } from '../../../../shared/socket.js';
import { mayUseSocket } from '../../access/allowed.js';
import { type RefuseCredentials, type RequireToken, tokenRefusal } from '../admission/credentials.js';
import type { Caller } from '../admission/caller.js';
import type { Gate } from '../admission/gate.js';
import type { TokenCheck } from '../admission/token.js';
import type { SocketCaller } from '../../socket/connection.js';
import type { TokenRequests } from './token-requests.js';
import { refuse } from '../middleware/admission.js';

export interface SocketDoorDeps {
  readonly gate: Gate;
  readonly refuseCredentials: RefuseCredentials;
  readonly requireToken: RequireToken;
  readonly tokenState: TokenCheck;
  readonly admitRequest: TokenRequests['admit'];
  /** Called with the socket of a client that may use the API. */
  readonly entitle: (socket: Socket) => void;
}

/**
 * Checks the first frame of a socket, and later repeats the check while it is open. @throws UNAUTHORIZED; from the 20th wrong token
 * in a minute on, RATE_LIMITED; FORBIDDEN for an access token that may not chat and read, and for an address, host or origin that
 * is no longer allowed
 */
export type Authenticate = (hello: { token?: string | undefined }) => Promise<SocketCaller>;

/** Admits an upgrade. @throws the refusal of the request */
export type SocketDoor = (request: IncomingMessage) => Promise<Authenticate>;

const HOW = "Send it in the first frame, as 'token'; 'xopc gateway token --show' prints it on the gateway's machine.";

export function createSocketDoor(deps: SocketDoorDeps): SocketDoor {
  const { gate, refuseCredentials, requireToken, tokenState, admitRequest, entitle } = deps;
  const admit = async (request: IncomingMessage): Promise<Caller> => {
    const { caller, refusal } = gate(request, SOCKET_PATH);
    if (refusal !== undefined) await refuse(refusal, caller.client, refuseCredentials);
    // A browser cannot send a token here; a program that sends a wrong one is refused at once.
    if (caller.token === 'wrong' || caller.token === 'ended') await refuseCredentials(caller.client, tokenRefusal(caller.token));
    return caller;
  };
  return async (request) => {
    await admit(request);
    return async ({ token }) => {
      // Does not reuse the caller of the upgrade, because the rules and the token may have changed since.
      const caller = await admit(request);
      const sent = token === undefined ? caller : { ...caller, ...tokenState({ authorization: `Bearer ${token}` }) };
      // A token in the upgrade counts even if none is needed: the socket gets only that token's rights.
      const access = sent.needsToken || sent.token === 'ended' ? await requireToken(sent, HOW) : sent.access;
      mayUseSocket(access);
      entitle(request.socket);
      return {
        tokenId: access?.id,
        beginTurn: async () => {
          if (access !== undefined) await admitRequest(access, caller.client.address);
        },
      };
    };
  };
}
