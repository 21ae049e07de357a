import {
  channelListResponse,
  channelName,
  pairingApproveRequest,
  pairingApproveResponse,
  pairingRevokeRequest,
  pairingRevokeResponse,
} from '../../../../shared/api/channels.js';
import { type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';

export function channelRoutes({ services: { channelAccounts: channels } }: RouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/channels',
      scope: 'read',
      summary: 'List channel accounts, their approved senders and pending requests',
      answer: channelListResponse,
      handle: async () => ({ status: 'ok', ...(await channels.list()) }),
    }),
    route({
      method: 'POST',
      path: '/api/channels/:channel/approve',
      scope: 'admin',
      summary: 'Approve a sender by its code',
      errors: ['CHANNEL_NOT_FOUND', 'NOT_FOUND'],
      params: { channel: channelName },
      answer: pairingApproveResponse,
      body: pairingApproveRequest,
      handle: async (_ctx, { params: { channel }, body }) => ({ status: 'ok', pairing: await channels.approve(channel, body.code) }),
    }),
    route({
      method: 'POST',
      path: '/api/channels/:channel/revoke',
      scope: 'admin',
      summary: 'Revoke the approval of a sender',
      errors: ['CHANNEL_NOT_FOUND', 'NOT_FOUND', 'CONFLICT'],
      params: { channel: channelName },
      answer: pairingRevokeResponse,
      body: pairingRevokeRequest,
      handle: async (_ctx, { params: { channel }, body }) => ({ status: 'ok', ...(await channels.revoke(channel, body)) }),
    }),
  ];
}
