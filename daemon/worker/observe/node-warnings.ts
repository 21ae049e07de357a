/** Compares the gateways that share a database. Pure. */
import type { NodeStatus, StatusWarning } from '../../../shared/control/messages.js';

/** Returns a warning for each that differs from this one. */
export function nodeWarnings(nodes: readonly NodeStatus[]): StatusWarning[] {
  const self = nodes.find(({ isSelf }) => isSelf);
  if (self === undefined) return [];
  return nodes.flatMap(({ name, version, settings }) => {
    const differing = [
      ...(version === self.version ? [] : [`version ${version} (this one: ${self.version})`]),
      ...(settings === self.settings ? [] : ['other agents, channels or models']),
    ];
    if (differing.length === 0) return [];
    const message = `the gateway ${name} on the same database has ${differing.join(' and ')}`;
    return [
      { code: 'NODES_DIFFER', message, hint: 'Give all nodes the same version and configuration. They are listed by: xopc gateway nodes' },
    ];
  });
}
