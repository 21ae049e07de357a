/** The configurations in docs/reverse-proxies.md: each proxy is started with the text as it stands, and used as a browser does. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import type { ServerFrame } from '../../shared/api/socket.js';
import { SOCKET_LIMITS } from '../../shared/socket.js';
import { says } from '../fakes/openai/reply.js';
import { type FakeOpenAi, startFakeOpenAi } from '../fakes/openai/server.js';
import { freePort } from '../helpers/free-port.js';
import { tokenOf } from '../helpers/page.js';
import { CLIENT_ADDRESS, connectProxy, type ProxyClient } from '../helpers/proxy-client.js';
import { type ProxyName, startProxy, whyNoProxies } from '../helpers/proxy-programs.js';
import { PUBLIC_NAME, type ProxyPlace, readProxyTexts } from '../helpers/proxy-texts.js';
import { launcher, RealGateway, root } from '../helpers/real-gateway.js';

const PASSWORD = 'correct horse';
const manual = readProxyTexts();

const reason = process.platform === 'linux' ? whyNoProxies() : 'the client needs a second loopback address';

let directory: string;
let model: FakeOpenAi;
let gateway: RealGateway;
const at = (file: string): string => join(directory, file);
const bearer = (): Record<string, string> => ({ authorization: `Bearer ${tokenOf(gateway)}` });

interface Site {
  readonly connect: () => Promise<ProxyClient>;
  readonly client: ProxyClient;
  /** Opened at the start, and silent since. */
  readonly idle: WebSocket;
  readonly pinged: Promise<unknown>;
}

const sites = new Map<ProxyName, Site>();
const ends: (() => unknown)[] = [];

function makeCertificate(): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', at('key'), '-out', at('pem')];
  const subject = ['-days', '2', '-subj', `/CN=${PUBLIC_NAME}`, '-addext', `subjectAltName=DNS:${PUBLIC_NAME}`];
  execFileSync('openssl', ['req', '-x509', ...key, ...subject], { stdio: 'ignore' });
  writeFileSync(at('both'), readFileSync(at('pem'), 'utf8') + readFileSync(at('key'), 'utf8'));
}

async function openSite(name: ProxyName, configuration: (place: ProxyPlace) => string): Promise<() => Promise<ProxyClient>> {
  const port = await freePort();
  const text = configuration({ port, gatewayPort: gateway.port, file: at });
  const proxy = await startProxy(name, text, { port, directory });
  ends.push(() => proxy.stop());
  return async () => {
    const client = await connectProxy({ name: PUBLIC_NAME, port, ca: readFileSync(at('pem'), 'utf8') });
    ends.push(() => client.close());
    return client;
  };
}

const siteOf = (name: ProxyName): Site => {
  const site = sites.get(name);
  if (site === undefined) throw new Error(`${name} does not run`);
  return site;
};

describe.skipIf(reason !== undefined)(`a proxy in front of the gateway${reason === undefined ? '' : ` (${reason})`}`, () => {
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'xopc-proxies-'));
    makeCertificate();
    model = await startFakeOpenAi();
    const env = { XOPC_LOG_LEVEL: 'debug', OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: model.baseUrl };
    gateway = await RealGateway.create(env, launcher, (dispose) => ends.push(dispose));
    mkdirSync(gateway.xopcHome, { recursive: true });
    const access = { host: '127.0.0.1', trustedProxies: ['127.0.0.1'], allowedHosts: [PUBLIC_NAME], basePath: '/x' };
    writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify({ gateway: access }));
    await gateway.run();
    for (const { name, configuration } of manual.kinds) {
      const connect = await openSite(name, configuration);
      const client = await connect();
      const idle = await client.socket('/ws', bearer());
      idle.send(JSON.stringify({ v: 1, id: '1', type: 'hello' }));
      sites.set(name, { connect, client, idle, pinged: once(idle, 'ping') });
    }
  });

  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
    await model.close();
    rmSync(directory, { recursive: true, force: true });
  });

  describe.each(
    manual.kinds.flatMap(({ name, path }) => [
      { name, base: '' },
      { name, base: path },
    ]),
  )('$name, below "$base/"', ({ name, base }) => {
    const ask: ProxyClient['ask'] = (path, sent) => siteOf(name).client.ask(`${base}${path}`, sent);

    /** @returns headers of a page that is signed in */
    async function signIn(): Promise<Record<string, string>> {
      const { origin } = siteOf(name).client;
      const answer = await ask('/api/page-session', { method: 'POST', headers: { origin, ...bearer() } });
      expect(answer.text).toContain('"signedIn":true');
      const [cookie = ''] = answer.headers['set-cookie'] ?? [];
      expect(cookie).toContain(`; Path=${base}/; `);
      expect(cookie.endsWith('; Secure')).toBe(true);
      return { origin, cookie: cookie.split(';', 1)[0] ?? '' };
    }

    test('has the page with its files, the API, /v1 and links over HTTP/2', async () => {
      const { origin } = siteOf(name).client;
      if (base !== '') {
        const { status, headers } = await ask('');
        expect([Math.floor(status / 100), new URL(headers.location ?? '', origin + base).href]).toEqual([3, `${origin}${base}/`]);
      }
      const page = await ask('/');
      const files = [...page.text.matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)].map(([, file = '']) => new URL(file, `${origin}${base}/`));
      expect(files.length).toBeGreaterThan(3);
      for (const { pathname } of files) expect((await siteOf(name).client.ask(pathname)).status, pathname).toBe(200);
      expect((await ask('/api/models')).status).toBe(401);
      expect((await ask('/v1/models', { headers: bearer() })).status).toBe(200);
      const link = await ask('/api/page-links', { method: 'POST', headers: bearer() });
      expect((JSON.parse(link.text) as { url: string }).url).toContain(`${origin}${base}/#link=`);
      // Over HTTP/2 nginx would hand on the header Upgrade, which is invalid there.
      const noSocket = await siteOf(name).client.askPlainly(`${base}/ws`);
      expect(noSocket).toMatchObject({ status: 426, text: expect.stringContaining('Upgrade: websocket') });
      expect((await siteOf(name).client.askPlainly(`${base}/ws`, { Connection: 'Upgrade', Upgrade: 'websocket' })).status).toBe(400);
    });

    test('hands on an event stream as it comes, in order', async () => {
      let release: () => void = () => undefined;
      const until = new Promise<void>((resolve) => (release = resolve));
      model.reply({ ...says('one ', 'two ', 'three'), gate: { before: 1, until } });
      const headers = { accept: 'text/event-stream', ...(await signIn()) };
      const { stream } = await siteOf(name).client.open(`${base}/api/agent`, { headers, body: { message: 'Count' } });
      let text = '';
      for await (const chunk of stream) {
        text += String(chunk);
        if (text.includes('one ')) release();
      }
      const deltas = [...text.matchAll(/event: delta\ndata: (.*)/g)].map(([, data = '{}']) => (JSON.parse(data) as { text: string }).text);
      expect([deltas.join(''), text.includes('event: done')]).toEqual(['one two three', true]);
    });

    test('chats over the WebSocket with the page’s cookie', async () => {
      const headers = await signIn();
      const made = await ask('/api/sessions', { method: 'POST', headers });
      const session = (JSON.parse(made.text) as { session: { key: string } }).session.key;
      const socket = await siteOf(name).client.socket(`${base}/ws`, { Cookie: headers['cookie'] ?? '' });
      const frames: ServerFrame[] = [];
      const isDone = new Promise<void>((resolve, reject) => {
        socket.on('message', (data: Buffer) => {
          const frame = JSON.parse(data.toString('utf8')) as ServerFrame;
          frames.push(frame);
          if (frame.type === 'error') reject(new Error(JSON.stringify(frame)));
          if (frame.type === 'turn' && frame.state === 'done') resolve();
        });
      });
      model.reply(says('Hel', 'lo'));
      const sent = [{ type: 'hello' }, { type: 'watch', session }, { type: 'send', session, key: 'k', content: 'Hi' }];
      sent.forEach((frame, index) => socket.send(JSON.stringify({ v: 1, id: `${index}`, ...frame })));
      await isDone;
      socket.terminate();
      expect(frames.flatMap((frame) => (frame.type === 'message' ? [frame.message.content] : []))).toEqual(['Hi', 'Hello']);
    });

    test('takes an upload of more than 4 MB, and says whose address it is', async () => {
      const invented = { 'x-forwarded-for': '203.0.113.7', 'x-real-ip': '203.0.113.8', forwarded: 'for=203.0.113.9' };
      const headers = { ...(await signIn()), 'x-request-id': `upload-${name}${base.replace('/', '-')}`, ...invented };
      const made = await ask('/api/sessions', { method: 'POST', headers });
      const session = (JSON.parse(made.text) as { session: { key: string } }).session.key;
      const picture = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(3_200_000)]).toString('base64');
      const path = `/api/sessions/${encodeURIComponent(session)}/attachments`;
      const answer = await ask(path, { headers, body: { name: 'a.png', mediaType: 'image/png', data: picture } });
      expect([answer.status, picture.length > 4 * 1_048_576]).toEqual([200, true]);
      const clients = () => gateway.log().flatMap((entry) => (entry['requestId'] === headers['x-request-id'] ? [entry['client']] : []));
      await expect.poll(() => new Set(clients())).toEqual(new Set([CLIENT_ADDRESS]));
    });
  });

  test('nginx that does not pass the upgrade on is answered with what is missing', async () => {
    const connect = await openSite(
      'nginx',
      (place) => manual.kinds[0]?.configuration(place).replaceAll(/^ +proxy_set_header (?:Upgrade|Connection) .*$/gm, '') ?? '',
    );
    const answer = await (await connect()).askPlainly('/ws', { Connection: 'Upgrade', Upgrade: 'websocket' });
    const lacks = "lacks the header 'Upgrade: websocket' and the header 'Connection: Upgrade'";
    expect(answer).toMatchObject({ status: 426, text: expect.stringContaining(lacks) });
  });

  test('nginx with a password adds the token', async () => {
    const env = { ...process.env, ...gateway.env, PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}` };
    const lines = manual.shell.filter((line) => line.includes('/etc/nginx/xopc'));
    expect(lines).toHaveLength(4);
    // Without root nginx is one user, and the files cannot be given to another.
    for (const line of process.getuid?.() === 0 ? lines : lines.slice(0, 2)) {
      const command = line
        .replaceAll('/etc/nginx/xopc.htpasswd', at('htpasswd'))
        .replaceAll('/etc/nginx/xopc-token.conf', at('token.conf'))
        .replaceAll('sudo ', '')
        .replace('openssl passwd -apr1', `openssl passwd -apr1 '${PASSWORD}'`);
      execFileSync('/bin/sh', ['-c', command], { env, stdio: 'ignore' });
    }
    const connect = await openSite('nginx', manual.withPassword);
    const client = await connect();
    const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`you:${password}`).toString('base64')}` });
    const statuses = [undefined, basic('wrong'), basic(PASSWORD)].map(async (headers) => {
      return (await client.ask('/api/logs', headers === undefined ? {} : { headers })).status;
    });
    expect(await Promise.all(statuses)).toEqual([401, 401, 200]);
    expect(JSON.stringify(gateway.log())).not.toContain(basic(PASSWORD).authorization);
  });

  test('an idle chat is kept open by the gateway’s pings, well within each timeout', { tags: ['long'] }, async () => {
    expect(manual.timeouts).toHaveLength(3);
    // The last two are the defaults of HAProxy in Debian and of nginx.
    for (const timeoutMs of [...manual.timeouts.map((minutes) => minutes * 60_000), 50_000, 60_000])
      expect(timeoutMs).toBeGreaterThanOrEqual(2 * SOCKET_LIMITS.pingIntervalMs);
    await Promise.all([...sites.values()].map(({ pinged }) => pinged));
    expect([...sites.values()].map(({ idle }) => idle.readyState)).toEqual([1, 1, 1]);
  });

  test('no request fails while the gateway restarts', async () => {
    // A proxy may have closed the connections that were idle meanwhile.
    const clients = await Promise.all([...sites.values()].map(({ connect }) => connect()));
    const restart = gateway.xopc('gateway', 'restart');
    let isOver = false;
    void restart.then(() => (isOver = true));
    const statuses: number[] = [];
    while (!isOver) for (const client of clients) statuses.push((await client.ask('/api/models', { headers: bearer() })).status);
    expect((await restart).code).toBe(0);
    expect(statuses.length).toBeGreaterThan(5);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});
