/** Admits WebSockets: the gate of every request before the upgrade, and the token in the first frame after it. */
import type { IncomingMessage } from 'node:http';
import { SOCKET_PATH } from '../../../../shared/socket.js';
import { type RefuseCredentials, tokenRefusal } from '../admission/credentials.js';
import type { Gate } from '../admission/gate.js';
import type { PageTickets } from '../admission/page-tickets.js';
import type { TokenCheck } from '../admission/token.js';
import { refuse } from '../middleware/admission.js';

export interface SocketDoorDeps {
  readonly gate: Gate;
  readonly refuseCredentials: RefuseCredentials;
  readonly tokenState: TokenCheck;
  readonly tickets: PageTickets;
}

export interface SocketClient {
  readonly needsToken: boolean;
  readonly address: string;
}

export interface SocketDoor {
  /** @throws the refusal of the request */
  admit(request: IncomingMessage): Promise<SocketClient>;
  /** @throws UNAUTHORIZED; RATE_LIMITED from the 20th wrong token in a minute on */
  authenticate(hello: { token?: string | undefined; ticket?: string | undefined }, client: SocketClient): Promise<void>;
}

const HOW = "Send it in the first frame, as 'token'; 'xopc gateway token --show' prints it on the gateway's machine.";

export function createSocketDoor({ gate, refuseCredentials, tokenState, tickets }: SocketDoorDeps): SocketDoor {
  return {
    async admit(request) {
      const { client, token, refusal } = gate(request, SOCKET_PATH);
      const { address } = client;
      const needsToken = refusal?.rule === 'token';
      if (refusal !== undefined && !needsToken) await refuse(refusal, address, refuseCredentials);
      // A browser cannot send a token here; a program that sends a wrong one is refused at once.
      if (token === 'wrong') await refuseCredentials(address, tokenRefusal(token));
      return { needsToken, address };
    },
    async authenticate({ token, ticket }, { needsToken, address }) {
      if (!needsToken) return;
      if (token !== undefined && tokenState({ authorization: `Bearer ${token}` }) === 'valid') return;
      if (ticket !== undefined && tickets.take(ticket)) return;
      await refuseCredentials(address, tokenRefusal(token === undefined && ticket === undefined ? 'none' : 'wrong', HOW));
    },
  };
}
