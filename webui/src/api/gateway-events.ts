/** The events of `GET /api/events`, received over the page's socket. */
import { useEffect, useRef } from 'preact/hooks';
import type { z } from 'zod';
import type { gatewayEvents } from '../../../shared/api/gateway/events.js';
import { pageSocket } from './socket.js';

type Schemas = ReturnType<typeof gatewayEvents>;

/** `reset` means that events are missing: shown data is to be read again. */
type GatewayEvent = { [Name in keyof Schemas]: { readonly name: Name; readonly data: z.output<Schemas[Name]> } }[keyof Schemas];

/** Calls back on each event while the component is shown. */
export function useGatewayEvent(onEvent: (event: GatewayEvent) => void): void {
  const latest = useRef(onEvent);
  latest.current = onEvent;
  useEffect(
    () => pageSocket.listen((frame) => frame.type === 'event' && latest.current({ name: frame.name, data: frame.data } as GatewayEvent)),
    [],
  );
}
