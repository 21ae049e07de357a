/** The way in to `/ws`: the guards of every request before the upgrade, and the token in the first frame after it. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type Koa from 'koa';
import type { HttpContext, HttpMiddleware, RequestState, RouterExtras } from '../context.js';
import type { DemandToken, RefuseAddress } from '../admission/auth.js';
import type { PageTickets } from '../admission/page-tickets.js';
import type { createTokenCheck } from '../admission/token.js';

export interface SocketDoorDeps {
  readonly koa: Koa<RequestState, RouterExtras>;
  /** In their order. */
  readonly guards: readonly HttpMiddleware[];
  readonly isAuthEnabled: () => boolean;
  readonly demandToken: DemandToken;
  readonly refuse: RefuseAddress;
  readonly tokenState: ReturnType<typeof createTokenCheck>;
  readonly tickets: PageTickets;
}

export interface SocketDoor {
  /** @throws what the request is refused with */
  admit(request: IncomingMessage): Promise<{ needsToken: boolean; address: string }>;
  /** @throws UNAUTHORIZED; RATE_LIMITED from the 20th wrong token in a minute on */
  authenticate(
    hello: { token?: string | undefined; ticket?: string | undefined },
    client: { needsToken: boolean; address: string },
  ): Promise<void>;
}

const HOW = "Send it in the first frame, as 'token'; 'xopc gateway token --show' prints it on the gateway's machine.";
const pass = (): Promise<void> => Promise.resolve();

export function createSocketDoor(deps: SocketDoorDeps): SocketDoor {
  const { koa, guards, isAuthEnabled, demandToken, refuse, tokenState, tickets } = deps;
  return {
    async admit(request) {
      const ctx = koa.createContext(request, new ServerResponse(request)) as unknown as HttpContext;
      for (const guard of guards) await guard(ctx, pass);
      const { client, token } = ctx.state;
      // A browser cannot send one here; a program that sends a wrong one is told at once.
      if (token === 'wrong') await demandToken(ctx);
      return { needsToken: token !== 'valid' && (isAuthEnabled() || !client.isLocal), address: client.address };
    },
    async authenticate({ token, ticket }, { needsToken, address }) {
      if (!needsToken) return;
      if (token !== undefined && tokenState({ authorization: `Bearer ${token}` }) === 'valid') return;
      if (ticket !== undefined && tickets.take(ticket)) return;
      const isWrong = token !== undefined || ticket !== undefined;
      const message = isWrong ? "The token that was sent is not this gateway's." : "This needs the gateway's token.";
      await refuse(address, { message, hint: HOW }, { isWrong });
    },
  };
}
