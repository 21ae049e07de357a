/** What permissions say about a tool. */
import type { Permission } from './permissions.js';

export type Permissions = Readonly<Record<string, Permission>>;

const own = (permissions: Permissions, pattern: string): Permission | undefined =>
  Object.hasOwn(permissions, pattern) ? permissions[pattern] : undefined;

/** Returns what the longest pattern that matches says. Takes as long as the name, however many patterns there are. */
export function lookUpPermission(permissions: Permissions | undefined, name: string): Permission | undefined {
  if (permissions === undefined) return undefined;
  const exact = own(permissions, name);
  if (exact !== undefined) return exact;
  for (let length = name.length; length >= 0; length -= 1) {
    const found = own(permissions, `${name.slice(0, length)}*`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What an agent may do with a tool that no pattern names. */
export function defaultPermission({ isBuiltIn, isReadOnly }: { readonly isBuiltIn: boolean; readonly isReadOnly: boolean }): Permission {
  return isBuiltIn || isReadOnly ? 'allow' : 'ask';
}
