/** One tool: its name, what it does, and what agents may do with it. */
import type { ComponentChildren } from 'preact';
import { Badge } from '../../components/status-dot/status-dot.js';
import { PermissionSelect, type Scope } from './permission.js';
import { t } from './text.js';

interface ToolRowProps {
  /** The name that models use. */
  readonly fullName: string;
  /** The server's own name for it; by default the same. */
  readonly name?: string;
  readonly title?: string | null;
  readonly description: string;
  readonly isBuiltIn: boolean;
  readonly isReadOnly: boolean;
  /** Why agents do not get it, besides their permissions. */
  readonly problem?: string | undefined;
  readonly scope: Scope;
  /** Buttons, before the permission: those of all rows are in one column. */
  readonly children?: ComponentChildren;
}

export function ToolRow({
  fullName,
  name = fullName,
  title = null,
  description,
  isBuiltIn,
  isReadOnly,
  problem,
  scope,
  children,
}: ToolRowProps) {
  return (
    <li class="tool-item">
      <div class="tool-about">
        <p>
          <code>{name}</code>
          {title !== null && <span class="muted">{title}</span>}
          {isReadOnly && <Badge>{t('readOnly')}</Badge>}
          {problem !== undefined && <Badge tone="warning">{t('leftOut')}</Badge>}
        </p>
        {description !== '' && <p class="tool-description">{description}</p>}
        {problem !== undefined && <p class="tool-problem">{problem}</p>}
      </div>
      <div class="tool-actions">
        {children}
        <PermissionSelect
          label={t('mayOf', { tool: fullName })}
          permitted={{ pattern: fullName, tool: { isBuiltIn, isReadOnly } }}
          scope={scope}
        />
      </div>
    </li>
  );
}
