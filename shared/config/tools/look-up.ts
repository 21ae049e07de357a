/** Looks up the permissions of a tool. */
import type { Permission } from './permissions.js';

export type Permissions = Readonly<Record<string, Permission>>;

const own = (permissions: Permissions, pattern: string): Permission | undefined =>
  Object.hasOwn(permissions, pattern) ? permissions[pattern] : undefined;

/** Returns the rule of the longest matching pattern. The time depends on the length of the name, not on the number of patterns. */
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

/** The permission of a tool that no pattern matches. */
export function defaultPermission({ isBuiltIn, isReadOnly }: { readonly isBuiltIn: boolean; readonly isReadOnly: boolean }): Permission {
  return isBuiltIn || isReadOnly ? 'allow' : 'ask';
}
