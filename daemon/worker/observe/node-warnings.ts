/** Compares the gateways that share a database. Pure. */
import { nodeDifferences } from '../../../shared/api/gateway/node-differences.js';
import type { NodeStatus, StatusWarning } from '../../../shared/api/gateway/status.js';

const hint = 'Give all nodes the same version and configuration. They are listed by: xopc gateway nodes';

const versionOf = ({ version, build }: NodeStatus): string => (build === undefined ? version : `${version} build ${build}`);

/** Returns a warning for each gateway that differs from this one. */
export function nodeWarnings(nodes: readonly NodeStatus[]): StatusWarning[] {
  const self = nodes.find(({ isSelf }) => isSelf);
  if (self === undefined) return [];
  return nodes.flatMap((node) => {
    const differing = nodeDifferences(node, self).map((name) => {
      if (name === 'version') return `version ${versionOf(node)} (this one: ${versionOf(self)})`;
      return name === 'retention' ? 'different retention limits' : `other ${name}`;
    });
    if (differing.length === 0) return [];
    const message = `the gateway ${node.name} on the same database has ${new Intl.ListFormat('en').format(differing)}`;
    return [{ code: 'NODES_DIFFER', message, hint }];
  });
}
