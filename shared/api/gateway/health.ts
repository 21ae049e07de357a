/** `GET /health`, `/health/live`, `/health/ready`: no token needed, any `Host` header accepted. */
import * as z from 'zod';

/** `uptime` is the worker's, in whole seconds; `instanceId` names the worker that answered. */
export const healthResponse = () =>
  z.strictObject({
    status: z.literal('healthy'),
    uptime: z.int().min(0),
    version: z.string(),
    buildId: z.string(),
    instanceId: z.string(),
  });

export type HealthDocument = z.output<ReturnType<typeof healthResponse>>;
