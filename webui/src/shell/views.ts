/**
 * The views in the order of the navigation. Each is a separate chunk, loaded when it is first shown: its `main.tsx`
 * exports the component as default. The shortcut is `g`, then `key`.
 */
import type { ComponentType } from 'preact';
import type { IconName } from '../components/icon.js';

type ViewId = 'chat' | 'sessions' | 'logs' | 'cron' | 'models' | 'channels' | 'config' | 'status';

export interface View {
  /** The first part of the address, the key of its name in the shell's text, and its icon. */
  readonly id: ViewId & IconName;
  readonly key: string;
  readonly load: () => Promise<{ default: ComponentType }>;
}

export const VIEWS: readonly View[] = [
  { id: 'chat', key: 'c', load: () => import('../views/chat/main.js') },
  { id: 'sessions', key: 's', load: () => import('../views/sessions/main.js') },
  { id: 'logs', key: 'l', load: () => import('../views/logs/main.js') },
  { id: 'cron', key: 'j', load: () => import('../views/cron/main.js') },
  { id: 'models', key: 'm', load: () => import('../views/models/main.js') },
  { id: 'channels', key: 'h', load: () => import('../views/channels/main.js') },
  { id: 'config', key: 'o', load: () => import('../views/config/main.js') },
  { id: 'status', key: 'u', load: () => import('../views/status/main.js') },
];
