/** The navigation between views: a rail at the side that can be folded; on narrow screens a bar at the lower edge, with the rest in a menu. */
import { signal } from '@preact/signals';
import { isCopyMode } from '../api/copy-mode.js';
import { IconButton } from '../components/button/button.js';
import { Icon } from '../components/icon/icon.js';
import { Menu } from '../components/menu/menu.js';
import { readSetting, writeSetting } from '../settings.js';
import { switchCopyMode } from './copy-mode.js';
import { ApprovalBadge } from './approvals.js';
import { openDialog } from './open-dialog.js';
import { IssueBadge } from './issue-badge.js';
import { Mark } from './mark.js';
import { hashOf, navigate } from './router.js';
import { t } from './text.js';
import { type View, VIEWS } from './views.js';

/** By default, it is folded if the views need the space of the names. */
export const isRailFolded = signal((readSetting('rail') ?? (matchMedia('(max-width: 1000px)').matches ? 'folded' : 'open')) === 'folded');

export function foldRail(): void {
  isRailFolded.value = !isRailFolded.peek();
  writeSetting('rail', isRailFolded.peek() ? 'folded' : 'open');
}

function Group({ name, views, current }: { name: string; views: readonly View[]; current: string }) {
  return (
    <section>
      <h2>{name}</h2>
      <ul>
        {views.map(({ id, isInBar = false }) => (
          <li key={id} class={isInBar ? '' : 'beyond-bar'}>
            <a
              class="nav-link"
              href={hashOf(id)}
              aria-current={id === current ? 'page' : undefined}
              title={isRailFolded.value ? t(id) : undefined}
            >
              <Icon name={id} size={18} />
              <span>{t(id)}</span>
              {id === 'chat' && <ApprovalBadge />}
              {id === 'status' && <IssueBadge />}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Navigation({ current }: { current: string }) {
  const rest = VIEWS.filter(({ isInBar = false }) => !isInBar);
  const foldText = t(isRailFolded.value ? 'unfoldRail' : 'foldRail');
  return (
    <nav class="navigation" aria-label={t('views')}>
      <div class="brand">
        <Mark size={22} />
        <span>xopc</span>
        <IconButton icon="panel" label={foldText} onClick={foldRail} />
      </div>
      <Group name={t('use')} views={VIEWS.filter(({ group }) => group === 'use')} current={current} />
      <Group name={t('operate')} views={VIEWS.filter(({ group }) => group === 'operate')} current={current} />
      <div class="in-bar" data-current={rest.some(({ id }) => id === current)}>
        <Menu
          label={t('more')}
          opens="up"
          items={[
            ...rest.map(({ id }) => ({ label: t(id), icon: id, run: () => navigate(hashOf(id)) })),
            { label: t('settings'), icon: 'settings' as const, run: () => openDialog('settings') },
            { label: t('copyMode'), icon: 'terminal' as const, run: switchCopyMode },
            { label: t('palette'), icon: 'palette' as const, run: () => openDialog('palette') },
          ]}
        />
      </div>
      <div class="rail-end">
        <IconButton icon="palette" label={t('palette')} onClick={() => openDialog('palette')} />
        <IconButton icon="terminal" label={t('copyMode')} isPressed={isCopyMode.value} onClick={switchCopyMode} />
        <IconButton icon="settings" label={t('settings')} onClick={() => openDialog('settings')} />
      </div>
    </nav>
  );
}
