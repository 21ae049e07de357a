/** Links that open the page once, so that the token never appears in an address, a history or a log. */
import { pageLinkResponse, pageTicket, pageTokenResponse } from '../../../../shared/api/gateway/page-links.js';
import { PAGE_LINK_FRAGMENT } from '../../../../shared/page-link.js';
import type { HttpContext } from '../context.js';
import type { PageTickets } from '../admission/page-tickets.js';
import { type Route, route } from '../route.js';

/** Returns the origin under which the caller reached the gateway. A proxy's header is believed: only this caller, who has the token, reads it. */
function originOf(ctx: HttpContext): string {
  const scheme = ctx.get('X-Forwarded-Proto') === 'https' ? 'https' : 'http';
  return `${scheme}://${ctx.get('Host')}`;
}

export function pageLinkRoutes(tickets: PageTickets, token: () => string): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/page-links',
      access: 'token',
      summary: 'Create a link that opens the page once, without showing the token',
      answer: pageLinkResponse,
      handle(ctx) {
        const { ticket, expiresAtMs } = tickets.create();
        const expiresAt = new Date(expiresAtMs).toISOString();
        ctx.body = { status: 'ok', url: `${originOf(ctx)}/${PAGE_LINK_FRAGMENT}${ticket}`, expiresAt };
      },
    }),
    route({
      method: 'POST',
      path: '/api/page-links/:ticket',
      summary: 'Exchange the ticket of a page link for the token, once',
      params: { ticket: pageTicket },
      answer: pageTokenResponse,
      // Taken synchronously: of two requests with one ticket, only one gets the token.
      authorize: (ctx) => (tickets.take(ctx.params['ticket'] ?? '') ? 'valid' : 'wrong'),
      refusal: { message: 'This link is invalid, has expired or was already used.', hint: 'Create a new one with: xopc gateway open' },
      handle(ctx) {
        ctx.body = { status: 'ok', token: token() };
      },
    }),
  ];
}
