/** Puts together what people may do with sessions. */
import type { ProviderRegistry } from '../providers/registry.js';
import type { GatewayEvent, Services } from '../contracts.js';
import { publishedArchive, publishedSessions } from './published-services.js';
import { createSessionArchive, type SessionArchiveOptions } from './session-archive.js';
import { createSessionService, type SessionServiceOptions } from './sessions.js';

export interface SessionDeps extends SessionServiceOptions, Omit<SessionArchiveOptions, 'checkModel'> {
  config: SessionServiceOptions['config'];
  registry(): ProviderRegistry;
  publish(event: GatewayEvent): void;
}

export function createSessions(deps: SessionDeps): Pick<Services, 'sessions' | 'archive'> {
  const publish = (event: GatewayEvent): void => deps.publish(event);
  const checkModel = (ref: string): void => void deps.registry().resolve(ref);
  return {
    sessions: publishedSessions(createSessionService(deps), publish),
    archive: publishedArchive(createSessionArchive({ ...deps, checkModel }), publish),
  };
}
