/** In what two gateways on the same database differ. Pure. */
import type { NodeStatus } from './status.js';

/** In the order of the parts of {@link NodeStatus.settings}; a build's own defaults are part of them. */
const SETTINGS = ['agents', 'channels', 'models'] as const;

/** `version`: another build, also of the same version. */
export type NodeDifference = 'version' | (typeof SETTINGS)[number];

type Compared = Pick<NodeStatus, 'version' | 'build' | 'settings'>;

/** Returns what the nodes do not have in common; both should have all of it. */
export function nodeDifferences(one: Compared, other: Compared): readonly NodeDifference[] {
  if (one.version !== other.version || one.build !== other.build) return ['version'];
  const own = one.settings.split('-');
  const others = other.settings.split('-');
  return SETTINGS.filter((_, index) => own[index] !== others[index]);
}
