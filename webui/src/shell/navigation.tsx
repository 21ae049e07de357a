/** The navigation between views: a rail at the side; on narrow screens a bar at the lower edge, with the rest in a menu. */
import { isCopyMode } from '../api/copy-mode.js';
import { IconButton } from '../components/button.js';
import { Icon } from '../components/icon.js';
import { Menu } from '../components/menu.js';
import { switchCopyMode } from './copy-mode.js';
import { openList } from './palette.js';
import { hashOf, navigate } from './router.js';
import { openSettings } from './settings-dialog.js';
import { t } from './text.js';
import { VIEWS } from './views.js';

/** The number of links that fit beside "More" at 390 px. */
const IN_BAR = 4;

export function Navigation({ current }: { current: string }) {
  const rest = VIEWS.slice(IN_BAR);
  const isInRest = rest.some(({ id }) => id === current);
  return (
    <nav class="navigation" aria-label={t('views')}>
      <p class="brand">
        <img src="assets/icon.svg" alt="" width="22" height="22" />
        <span>xopc</span>
      </p>
      <ul>
        {VIEWS.map(({ id }, index) => (
          <li key={id} class={index < IN_BAR ? '' : 'beyond-bar'}>
            <a href={hashOf(id)} aria-current={id === current ? 'page' : undefined}>
              <Icon name={id} />
              <span>{t(id)}</span>
            </a>
          </li>
        ))}
      </ul>
      <div class="in-bar" data-current={isInRest}>
        <Menu
          label={t('more')}
          opens="up"
          items={[
            ...rest.map(({ id }) => ({ label: t(id), icon: id, run: () => navigate(hashOf(id)) })),
            { label: t('settings'), icon: 'sun' as const, run: openSettings },
            { label: t('copyMode'), icon: 'terminal' as const, run: switchCopyMode },
            { label: t('palette'), icon: 'palette' as const, run: () => (openList.value = 'palette') },
          ]}
        />
      </div>
      <div class="rail-end">
        <IconButton icon="palette" label={t('palette')} onClick={() => (openList.value = 'palette')} />
        <IconButton icon="terminal" label={t('copyMode')} isPressed={isCopyMode.value} onClick={switchCopyMode} />
        <IconButton icon="sun" label={t('settings')} onClick={openSettings} />
      </div>
    </nav>
  );
}
