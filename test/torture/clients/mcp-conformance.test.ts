/**
 * The public conformance suite of the Model Context Protocol, in front of `/mcp` and behind the client for tools of MCP servers. Not part of `npm test`,
 * whose own tests show the same: `npm run torture -- mcp-conformance`.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildFixture } from '../../helpers/fixture-process.js';
import { startHttpApp } from '../../helpers/http-app.js';
import { root, runProcess } from '../../helpers/real-gateway.js';
import { tempDir } from '../../helpers/temp-dir.js';

const SUITE = join(root, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');

async function expectToPass(args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await runProcess([process.execPath, SUITE], args, { env: {}, cwd: tempDir() }).done;
  expect(code, stdout + stderr).toBe(0);
}

/** Those for a server with tools of its own: the other 28 call tools, resources and prompts that only a server made for the suite has. */
test.each(['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection'])('server: %s passes', async (scenario) => {
  const { port } = await startHttpApp();
  await expectToPass(['server', '--url', `http://127.0.0.1:${port}/mcp`, '--scenario', scenario]);
});

/**
 * The 19 of `auth/*` do not apply: they are about OAuth, and credentials are those of the configuration; a 401 is an error of the call.
 * `elicitation-sep1034-client-defaults` does not apply either: the capability is not declared, and the server of the suite asks all the same.
 */
test.each(['initialize', 'tools_call', 'sse-retry'])('client: %s passes', async (scenario) => {
  const client = buildFixture('mcp-client');
  await expectToPass(['client', '--command', `${process.execPath} ${client}`, '--scenario', scenario]);
});
