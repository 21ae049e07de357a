import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { failOnce, untilInForce } from '../helpers/job-runs.js';
import { callApi, openView } from '../helpers/page.js';
import { RealGateway } from '../helpers/real-gateway.js';

test.skipIf(noBrowser)(
  'the last day, what went wrong in it with the way to its log lines, and what can be put right from here',
  async () => {
    const gateway = await RealGateway.create();
    mkdirSync(gateway.xopcHome, { recursive: true });
    writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify({ agents: { list: [{ id: 'main' }, { id: 'gone' }] } }));
    await gateway.run();
    const body = { name: 'Nightly', schedule: '0 0 1 1 *', message: 'x', mode: 'agent', agentId: 'gone', retries: 0 };
    const { job } = await callApi<{ job: { id: string } }>(gateway, 'POST /api/cron/create', body);
    writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify({ agents: { list: [{ id: 'main' }] } }));
    await untilInForce(gateway);
    await failOnce(gateway, job.id);
    await callApi(gateway, 'PATCH /api/logs/level', { level: 'debug' });

    const page = await openView(gateway, '#/status');
    await page.getByRole('img', { name: /^Up .* of the last 24 hours, 0 outages$/ }).waitFor();
    await page.getByRole('img', { name: /^Requests answered/ }).waitFor();
    await page.getByRole('link', { name: 'Nightly' }).last().waitFor();
    await page.getByRole('heading', { name: /the log level is 'debug' until/ }).waitFor();
    await expectAccessible(page);
    await page.setViewportSize({ width: 1_440, height: 900 });
    await page.getByRole('button', { name: /^Restore the level now/ }).click();
    await page.getByRole('heading', { name: /the log level is 'debug' until/ }).waitFor({ state: 'detached' });
    await page
      .getByRole('link', { name: /^Log lines/ })
      .first()
      .focus();
    await page.keyboard.press('Enter');
    await page.getByText('a scheduled job failed').first().waitFor();
  },
);
