/** Runs of scheduled jobs for tests of what shows them. */
import { callApi } from './page.js';
import { type RealGateway, until } from './real-gateway.js';

/** What has been written to the configuration is what the gateway runs with. */
export async function untilInForce(gateway: RealGateway): Promise<void> {
  await until('the configuration', async () => (await callApi<{ inForce: boolean }>(gateway, 'GET /api/config')).inForce);
}

/** Has a job run that cannot do its work, and waits until it has failed. */
export async function failOnce(gateway: RealGateway, jobId: string): Promise<void> {
  await callApi(gateway, 'POST /api/cron/trigger', { job_id: jobId });
  const failed = async (): Promise<boolean> =>
    (await callApi<{ runs: unknown[] }>(gateway, `GET /api/cron/${jobId}/runs?failed=true`)).runs.length > 0;
  await until('the run to have failed', failed);
}
