/** The configuration of HAProxy in docs/cluster.md, for the nodes of a test in place of the documented ones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from './doc-commands.js';
import { root } from './real-gateway.js';

const CERTIFICATE = ' ssl crt /etc/haproxy/gateway.example.com.pem alpn h2,http/1.1';

/** @throws where the manual does not have it */
function documented(): string {
  const steps = parseDocument(readFileSync(join(root, 'docs/cluster.md'), 'utf8')).flatMap((part) => part.steps);
  const text = steps.find((step) => step.kind === 'block' && step.language === 'haproxy');
  if (text?.kind !== 'block' || !text.text.includes(`bind :443${CERTIFICATE}`))
    throw new Error('docs/cluster.md shows another configuration');
  return text.text;
}

/**
 * @param place.bind  where it listens, with plain HTTP
 * @param place.nodes  host and port of each node
 */
export function clusterProxy({ bind, nodes }: { bind: string; nodes: readonly string[] }): string {
  const servers = nodes.map((node, index) => `    server node${index} ${node} cookie node${index}\n`).join('');
  return (
    `${documented()}\n`
      .replace(`:443${CERTIFICATE}`, bind)
      .replaceAll(/(?: {4}server .*\n)+/g, servers)
      // The certificate is not under test: browsers would not keep such a cookie without HTTPS.
      .replaceAll(' httponly secure', ' httponly')
  );
}
