/** What commands share that ask the running gateway over its API. */
import { ApiClient, apiTarget } from '../api/api-client.js';
import { BaseCommand } from './base-command.js';
import { requireGateway } from '../gateway/locate-gateway.js';

export abstract class ApiCommand extends BaseCommand {
  /** @throws NOT_RUNNING, STILL_STARTING or CONTROL_UNREACHABLE where there is no gateway to ask */
  protected async connect(): Promise<ApiClient> {
    const { status } = await requireGateway(this.gatewayPaths);
    return new ApiClient(apiTarget(status, this.gatewayPaths, this.environment));
  }
}
