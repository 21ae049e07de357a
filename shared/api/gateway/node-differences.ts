/** Compares two gateways on the same database. Pure. */
import type { NodeStatus } from './status.js';

/** In the order of the parts of {@link NodeStatus.settings}, which include the build's own defaults. */
const SETTINGS = ['agents', 'channels', 'models', 'retention'] as const;

/** `version`: another build, even of the same version. */
export type NodeDifference = 'version' | (typeof SETTINGS)[number];

type Compared = Pick<NodeStatus, 'version' | 'build' | 'settings'>;

/** Returns the differences between the nodes; there should be none. */
export function nodeDifferences(one: Compared, other: Compared): readonly NodeDifference[] {
  if (one.version !== other.version || one.build !== other.build) return ['version'];
  const own = one.settings.split('-');
  const others = other.settings.split('-');
  return SETTINGS.filter((_, index) => own[index] !== others[index]);
}
