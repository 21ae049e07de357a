/** The public conformance suite of the Model Context Protocol, in front of `/mcp`. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startHttpApp } from '../../helpers/http-app.js';
import { root, runProcess } from '../../helpers/real-gateway.js';
import { tempDir } from '../../helpers/temp-dir.js';

const SUITE = 'node_modules/@modelcontextprotocol/conformance/dist/index.js';

/** Those for a server with tools of its own: the others call tools, resources and prompts that only a server made for the suite has. */
test.each(['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection'])('%s passes', async (scenario) => {
  const { port } = await startHttpApp();
  const args = ['server', '--url', `http://127.0.0.1:${port}/mcp`, '--scenario', scenario];
  const { code, stdout, stderr } = await runProcess([process.execPath, join(root, SUITE)], args, { env: {}, cwd: tempDir() }).done;
  expect(code, stdout + stderr).toBe(0);
});
