/** The gateways that share the database, and how they differ from this one. */
import { nodeDifferences } from '../../../../shared/api/gateway/node-differences.js';
import type { NodeStatus } from '../../../../shared/api/gateway/status.js';
import { Badge, StatusDot } from '../../components/status-dot/status-dot.js';
import { Table } from '../../components/table/table.js';
import { Ago } from '../../components/time-text/time-text.js';
import { t } from './text.js';

/** Each renews its membership every 5 s. */
const LATE_MS = 8_000;

/** By the database's clock: the list was read when this node renewed its own place. */
const isLate = (node: NodeStatus, self: NodeStatus): boolean => Date.parse(self.renewedAt) - Date.parse(node.renewedAt) > LATE_MS;

function Row({ node, self }: { node: NodeStatus; self: NodeStatus }) {
  const { name, version, address, since, renewedAt, isSelf } = node;
  return (
    <tr>
      <th scope="row" class="node-name">
        {name}
        {isSelf && [' ', <Badge key="self">{t('thisNode')}</Badge>]}
        {nodeDifferences(node, self).map((difference) => [
          ' ',
          <Badge key={difference} tone="warning">
            {t(`differs_${difference}`)}
          </Badge>,
        ])}
      </th>
      <td data-label={t('nodeState')}>
        {isLate(node, self) ? (
          <span title={t('nodeSilentWhy')}>
            <StatusDot tone="bad">{t('nodeSilent')}</StatusDot>
          </span>
        ) : (
          <StatusDot tone="good">{t('nodeActive')}</StatusDot>
        )}
      </td>
      <td data-label={t('version')}>{version}</td>
      <td data-label={t('address')}>{address === null ? '–' : <code>{address}</code>}</td>
      <td class="number" data-label={t('nodeSince')}>
        <Ago at={since} />
      </td>
      <td class="number" data-label={t('nodeRenewed')}>
        <Ago at={renewedAt} />
      </td>
    </tr>
  );
}

export function Nodes({ nodes }: { nodes: readonly NodeStatus[] }) {
  const self = nodes.find(({ isSelf }) => isSelf);
  if (self === undefined || nodes.length < 2) return null;
  const doDiffer = nodes.some((node) => nodeDifferences(node, self).length > 0);
  return (
    <section class="nodes" aria-labelledby="nodes-title">
      <h2 id="nodes-title">{t('nodes')}</h2>
      {doDiffer && <p class="muted">{t('nodesHint')}</p>}
      <Table
        label={t('nodes')}
        columns={[
          { key: 'node', name: t('node') },
          { key: 'state', name: t('nodeState') },
          { key: 'version', name: t('version') },
          { key: 'address', name: t('address') },
          { key: 'since', name: t('nodeSince'), isNumber: true },
          { key: 'renewed', name: t('nodeRenewed'), isNumber: true },
        ]}
      >
        {nodes.map((node) => (
          <Row key={node.name + node.since} node={node} self={self} />
        ))}
      </Table>
    </section>
  );
}
