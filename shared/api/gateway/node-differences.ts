/** In what two gateways on the same database differ. Pure. */
import type { NodeStatus } from './status.js';

/** In the order of the parts of {@link NodeStatus.settings}. */
const SETTINGS = ['agents', 'channels', 'models'] as const;

export type NodeDifference = 'version' | (typeof SETTINGS)[number];

type Compared = Pick<NodeStatus, 'version' | 'settings'>;

/** Returns what the nodes do not have in common; both should have all of it. */
export function nodeDifferences(one: Compared, other: Compared): readonly NodeDifference[] {
  const own = one.settings.split('-');
  const others = other.settings.split('-');
  return [...(one.version === other.version ? [] : (['version'] as const)), ...SETTINGS.filter((_, index) => own[index] !== others[index])];
}
