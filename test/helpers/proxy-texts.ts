/** The configurations of docs/reverse-proxies.md with the ports and paths of a test in place of the documented ones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from './doc-commands.js';
import type { ProxyName } from './proxy-programs.js';
import { root } from './real-gateway.js';

/** The documented name. */
export const PUBLIC_NAME = 'gateway.example.com';

export interface ProxyPlace {
  readonly port: number;
  readonly gatewayPort: number;
  /** Path of a file that the test has. */
  readonly file: (name: 'pem' | 'key' | 'both' | 'htpasswd' | 'token.conf') => string;
}

export interface ProxyText {
  readonly name: ProxyName;
  /** What the gateway is published below, besides `/`. Only the one of nginx is `gateway.basePath`. */
  readonly path: string;
  readonly configuration: (place: ProxyPlace) => string;
}

/** Puts text before a line. @throws where there is no such line */
function insert(text: string, line: string, added: string): string {
  if (!text.includes(line)) throw new Error(`no line '${line}' in:\n${text}`);
  return text.replace(line, `${added}\n${line}`);
}

/** Replaces what stands in the manual. @throws where it does not */
function replace(text: string, replacements: Record<string, string>): string {
  return Object.entries(replacements).reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`no '${from}' in:\n${result}`);
    return result.replaceAll(from, to);
  }, text);
}

const certificate = ({ file }: ProxyPlace) => ({
  [`/etc/ssl/${PUBLIC_NAME}.pem`]: file('pem'),
  [`/etc/ssl/${PUBLIC_NAME}.key`]: file('key'),
});
const upstream = ({ gatewayPort }: ProxyPlace) => ({ '127.0.0.1:18790': `127.0.0.1:${gatewayPort}` });
const listen = ({ port }: ProxyPlace) => ({ 'listen 443 ssl': `listen 127.0.0.1:${port} ssl` });
const elsewhere = (text: string): string => text.replaceAll(/\/x\b/g, '/other');

export interface ProxyTexts {
  readonly kinds: readonly ProxyText[];
  readonly withPassword: (place: ProxyPlace) => string;
  /** Shell lines that need root as they stand. */
  readonly shell: readonly string[];
  /** In minutes, of every timeout that the texts set. */
  readonly timeouts: readonly number[];
}

export function readProxyTexts(): ProxyTexts {
  const document = readFileSync(join(root, 'docs/reverse-proxies.md'), 'utf8');
  const steps = parseDocument(document).flatMap((part) => part.steps);
  const blocksOf = (language: string): string[] =>
    steps.flatMap((step) => (step.kind === 'block' && step.language === language ? [step.text] : []));
  const [nginx = '', nginxPassword = '', nginxPath = ''] = blocksOf('nginx');
  const [haproxy = '', haproxyPath = ''] = blocksOf('haproxy');
  const [caddy = '', caddyPath = ''] = blocksOf('caddy');
  const inNginx = (text: string, at: ProxyPlace): string =>
    replace(insert(nginx, '    location / {', text), { ...certificate(at), ...listen(at), ...upstream(at) });
  return {
    kinds: [
      { name: 'nginx', path: '/x', configuration: (at) => inNginx(nginxPath, at) },
      {
        name: 'haproxy',
        path: '/other',
        configuration: (at) =>
          replace(insert(haproxy, '    default_backend xopc', elsewhere(haproxyPath)), {
            [`/etc/haproxy/${PUBLIC_NAME}.pem`]: at.file('both'),
            'bind :443': `bind 127.0.0.1:${at.port}`,
            ...upstream(at),
          }),
      },
      {
        name: 'caddy',
        path: '/other',
        configuration: (at) =>
          replace(insert(caddy, '    reverse_proxy', elsewhere(caddyPath)), {
            ...certificate(at),
            [`${PUBLIC_NAME} {`]: `${PUBLIC_NAME}:${at.port} {`,
            ...upstream(at),
          }),
      },
    ],
    withPassword: (at) =>
      replace(inNginx(nginxPassword, at), {
        '/etc/nginx/xopc.htpasswd;': `${at.file('htpasswd')};`,
        '/etc/nginx/xopc-token.conf;': `${at.file('token.conf')};`,
      }),
    shell: steps.flatMap((step) => (step.kind === 'skipped' ? step.text.split('\n') : [])),
    timeouts: [...`${nginx}${haproxy}`.matchAll(/(?:proxy_read_timeout|timeout client|timeout server) (\d+)m/g)].map(([, minutes]) =>
      Number(minutes),
    ),
  };
}
