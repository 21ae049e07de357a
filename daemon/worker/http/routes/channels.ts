import { channelName, pairingApproveRequest, pairingRevokeRequest } from '../../../../shared/api/channels.js';
import { validate } from '../../../../shared/api/validate.js';
import type { ChannelService } from '../../services/contracts.js';
import type { HttpContext } from '../context.js';
import { given } from '../given.js';
import { type Route, route } from '../route.js';

function channelOf(ctx: HttpContext): string {
  return validate(channelName(), ctx.params['channel'], 'channel');
}

export function channelRoutes(channels: ChannelService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/channels',
      async handle(ctx) {
        ctx.body = { status: 'ok', ...(await channels.list()) };
      },
    }),
    route({
      method: 'POST',
      path: '/api/channels/:channel/approve',
      body: pairingApproveRequest,
      async handle(ctx, { body }) {
        ctx.body = { status: 'ok', pairing: await channels.approve(channelOf(ctx), body.code) };
      },
    }),
    route({
      method: 'POST',
      path: '/api/channels/:channel/revoke',
      body: pairingRevokeRequest,
      async handle(ctx, { body: { senderId, accountId } }) {
        await channels.revoke(channelOf(ctx), { senderId, ...given({ accountId }) });
        ctx.body = { status: 'ok' };
      },
    }),
  ];
}
