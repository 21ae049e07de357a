/**
 * How the page signs in and out. A one-time link gives a session, never the token, and its ticket does not appear in any address,
 * history or log.
 */
import { isoTime } from '../../../../shared/clock.js';
import {
  pageLinkResponse,
  pageSessionEnded,
  pageSessionRequest,
  pageSessionResponse,
} from '../../../../shared/api/gateway/page-session.js';
import { GatewayError } from '../../../../shared/errors.js';
import { PAGE_LINK_FRAGMENT } from '../../../../shared/page-link.js';
import type { RefuseCredentials } from '../admission/credentials.js';
import { tokenRefusal } from '../admission/credentials.js';
import { isOwnOrigin } from '../../../../shared/node/own-origin.js';
import type { CookieOptions, PageSession, PageSessions } from '../admission/page-sessions.js';
import type { HttpContext } from '../context.js';
import { publicUrl } from '../middleware/public-address.js';
import { OWNER_ONLY, type Route, route } from '../route.js';

export interface PageSessionDeps {
  readonly sessions: PageSessions;
  readonly refuseCredentials: RefuseCredentials;
  /** Whether the caller is one of the owner's programs on this machine, where the page signs in by itself. */
  readonly isOwner: (ctx: HttpContext) => Promise<boolean>;
  /** Whether other machines need no token. */
  readonly isOpenToNetwork: () => boolean;
  /** Called when a session has ended. */
  readonly onSignOut: () => void;
}

const USED_LINK = { message: 'This link was used before, or has expired.', hint: 'Make another with: xopc gateway open', isWrong: true };
const HOW = "Send it as 'Authorization: Bearer <token>', or open the link that 'xopc gateway open' prints on the gateway's machine.";

/** @throws FORBIDDEN for a page of another origin, which CORS may have admitted */
function cookieOptions({ req: { headers }, state }: HttpContext): CookieOptions {
  const { origin, host = '', cookie } = headers;
  if (origin !== undefined && !isOwnOrigin(origin, host))
    throw new GatewayError('FORBIDDEN', {
      message: 'Only the page of this gateway can have a session.',
      hint: 'Other pages send the token.',
    });
  return { cookies: cookie, basePath: state.basePath, isSecure: state.isSecure || /^https:/i.test(origin ?? '') };
}

async function signIn(deps: PageSessionDeps, ctx: HttpContext, link: string | undefined): Promise<boolean> {
  const { sessions, refuseCredentials, isOwner } = deps;
  const { client, token, access, cookies, needsToken } = ctx.state.caller;
  const options = cookieOptions(ctx);
  const entitled = async (): Promise<PageSession | undefined> => {
    if (link !== undefined) return (await sessions.takeLink(link)) ?? (await refuseCredentials(client, USED_LINK));
    return token === 'valid' || (token === 'none' && (await isOwner(ctx))) ? { access } : undefined;
  };
  if (link === undefined && token === 'none' && cookies !== undefined && (await sessions.find(cookies)) !== undefined) return true;
  const session = await entitled();
  if (session !== undefined) {
    ctx.set('Set-Cookie', await sessions.begin(options, session));
    return true;
  }
  const refused = token === 'wrong' || token === 'ended' ? token : 'none';
  if (needsToken || refused !== 'none') await refuseCredentials(client, tokenRefusal(refused, HOW));
  return false;
}

export function pageSessionRoutes(deps: PageSessionDeps): Route[] {
  const { sessions, isOpenToNetwork, onSignOut } = deps;
  return [
    route({
      ...OWNER_ONLY,
      method: 'POST',
      path: '/api/page-links',
      summary: 'Create a link that signs the page in once',
      answer: pageLinkResponse,
      async handle(ctx) {
        const { secret, expiresAtMs } = await sessions.createLink(ctx.state.access);
        const expiresAt = isoTime(expiresAtMs);
        return { status: 'ok', url: `${publicUrl(ctx)}/${PAGE_LINK_FRAGMENT}${secret}`, expiresAt };
      },
    }),
    route({
      method: 'POST',
      path: '/api/page-session',
      scope: 'public',
      errors: ['STORE_UNAVAILABLE'],
      summary: 'Sign the page in: with the token, a one-time link, or as the owner on this machine',
      body: pageSessionRequest,
      isBodyOptional: true,
      maximumBodyLimit: 4_096,
      answer: pageSessionResponse,
      async handle(ctx, { body }) {
        const check: { answer?: Promise<boolean> } = {};
        const isOwner = (): Promise<boolean> => (check.answer ??= deps.isOwner(ctx));
        const signedIn = await signIn({ ...deps, isOwner }, ctx, body.link);
        const owner = signedIn && (await isOwner());
        return { status: 'ok', signedIn, owner, needsToken: ctx.state.caller.needsToken, openToNetwork: isOpenToNetwork() };
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/page-session',
      scope: 'public',
      summary: 'Sign the page out',
      errors: ['STORE_UNAVAILABLE'],
      answer: pageSessionEnded,
      async handle(ctx) {
        ctx.set('Set-Cookie', await sessions.end({ ...cookieOptions(ctx), cookies: ctx.state.caller.cookies }));
        onSignOut();
        return { status: 'ok' };
      },
    }),
  ];
}
