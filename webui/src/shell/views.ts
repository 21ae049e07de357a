/**
 * The views in the order of the navigation. Each is a separate chunk, loaded when it is first shown, or while the page is idle: its `main.tsx`
 * exports the component as default. The shortcut is `g`, then `key`.
 */
import { effect } from '@preact/signals';
import type { ComponentType } from 'preact';
import { connection } from '../api/socket.js';
import { whenIdle } from '../browser/when-idle.js';
import { loadCopyCommand } from '../components/copy-command/copy-command.js';
import { loadReasons } from '../i18n/reasons.js';
import type { IconName } from '../components/icon/icon.js';
import { loadApprovals } from './approvals.js';
import { loadDialogs } from './dialogs.js';

type ViewId = 'chat' | 'sessions' | 'logs' | 'cron' | 'models' | 'tools' | 'channels' | 'config' | 'tokens' | 'status';

export interface View {
  /** The first part of the address, the key of its name in the shell's text, and its icon. */
  readonly id: ViewId & IconName;
  readonly key: string;
  readonly group: 'use' | 'operate';
  /** Whether it is in the bar of narrow screens, where four fit beside "More". */
  readonly isInBar?: boolean;
  readonly load: () => Promise<{ default: ComponentType }>;
}

export const VIEWS: readonly View[] = [
  { id: 'chat', key: 'c', group: 'use', isInBar: true, load: () => import('../views/chat/main.js') },
  { id: 'sessions', key: 's', group: 'use', isInBar: true, load: () => import('../views/sessions/main.js') },
  { id: 'cron', key: 'j', group: 'operate', isInBar: true, load: () => import('../views/cron/main.js') },
  { id: 'channels', key: 'h', group: 'operate', load: () => import('../views/channels/main.js') },
  { id: 'models', key: 'm', group: 'operate', load: () => import('../views/models/main.js') },
  { id: 'tools', key: 'i', group: 'operate', load: () => import('../views/tools/main.js') },
  { id: 'logs', key: 'l', group: 'operate', load: () => import('../views/logs/main.js') },
  { id: 'config', key: 'o', group: 'operate', load: () => import('../views/config/main.js') },
  { id: 'tokens', key: 't', group: 'operate', load: () => import('../views/tokens/main.js') },
  { id: 'status', key: 'u', group: 'operate', isInBar: true, load: () => import('../views/status/main.js') },
];

/** Calls back once the page is connected: during its start, the browser may be idle before that. */
function whenOnline(run: () => void): void {
  const stop = effect(() => {
    if (connection.value.kind !== 'online') return;
    queueMicrotask(() => stop());
    run();
  });
}

const STYLES_AGAIN_MS = 1_000;

/**
 * Handles loading errors. Vite's loader requests the styles of a view only once; styles that failed while the gateway was
 * unreachable are requested again.
 */
export function retryStyles({ target }: Event): void {
  if (!(target instanceof HTMLLinkElement) || target.rel !== 'stylesheet') return;
  setTimeout(() => whenOnline(() => target.replaceWith(target.cloneNode())), STYLES_AGAIN_MS);
}

/** Loads approvals, texts, dialogs, command lines and the other views one by one while the browser is idle, so that they open even while the gateway is unreachable. */
export async function preload(): Promise<void> {
  for (const load of [loadApprovals, loadReasons, loadDialogs, loadCopyCommand, ...VIEWS.map((view) => view.load)]) {
    await new Promise<void>(whenOnline);
    await new Promise<void>(whenIdle);
    await load().catch(() => undefined);
  }
}
