/** What agents may do with a tool: for all of them, or for one. */
import { useState } from 'preact/hooks';
import { defaultPermission, lookUpPermission } from '../../../../shared/config/tools/look-up.js';
import type { Permission } from '../../../../shared/config/tools/permissions.js';
import { Select, SelectField } from '../../components/field/field.js';
import { attempt } from '../../components/toast/toast.js';
import { type Agent, savePermission, type Setup } from './tools-api.js';
import { t } from './text.js';

/** Whose permissions are shown and changed. */
export interface Scope {
  readonly setup: Setup;
  /** Undefined: all agents. */
  readonly agent: Agent | undefined;
  readonly reload: () => void;
}

const PERMISSIONS: readonly Permission[] = ['allow', 'ask', 'deny'];

/** A tool, or with a trailing `*` all tools whose names begin with the text. */
export interface Permitted {
  readonly pattern: string;
  /** Undefined: tools of several kinds. */
  readonly tool?: { readonly isBuiltIn: boolean; readonly isReadOnly: boolean };
}

const ownOf = ({ setup, agent }: Scope) => agent?.permissions ?? setup.permissions;

/** Returns the permission that applies if the pattern itself has no entry; undefined if it depends on the tool. */
function inheritedOf({ pattern, tool }: Permitted, scope: Scope): Permission | undefined {
  const { [pattern]: _own, ...others } = ownOf(scope);
  const configured =
    lookUpPermission(others, pattern) ?? (scope.agent === undefined ? undefined : lookUpPermission(scope.setup.permissions, pattern));
  return configured ?? (tool === undefined ? undefined : defaultPermission(tool));
}

export function PermissionSelect({ label, permitted, scope }: { label: string; permitted: Permitted; scope: Scope }) {
  const [isBusy, setBusy] = useState(false);
  const { setup, agent, reload } = scope;
  const permissions = ownOf(scope);
  const own = Object.hasOwn(permissions, permitted.pattern) ? permissions[permitted.pattern] : undefined;
  const inherited = inheritedOf(permitted, scope);
  const choose = async (value: Permission | ''): Promise<void> => {
    setBusy(true);
    await attempt(() => savePermission(permitted.pattern, value === '' ? undefined : value, { agent, all: setup.agents }));
    setBusy(false);
    reload();
  };
  const choices = [
    { value: '' as const, label: inherited === undefined ? t('byDefault') : t('byDefaultIs', { permission: t(`may_${inherited}`) }) },
    ...PERMISSIONS.map((value) => ({ value, label: t(`may_${value}`) })),
  ];
  return (
    <Select
      class="tool-may"
      aria-label={label}
      value={own ?? ''}
      choices={choices}
      disabled={isBusy}
      onChange={(value) => void choose(value)}
    />
  );
}

export function ScopeSelect({
  setup,
  agent,
  onChange,
}: {
  setup: Setup;
  agent: Agent | undefined;
  onChange: (id: string | undefined) => void;
}) {
  return (
    <SelectField
      label={t('whose')}
      value={agent?.id ?? ''}
      choices={[{ value: '', label: t('allAgents') }, ...setup.agents.map(({ id, name }) => ({ value: id, label: name }))]}
      onChange={(id) => onChange(id === '' ? undefined : id)}
      hint={t('whoseText')}
    />
  );
}
