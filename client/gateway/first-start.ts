/** Tells a person what they need once a gateway serves: its address and, on the first start, what to do next. */
import { existsSync } from 'node:fs';
import type { ModelDocument } from '../../shared/api/models.js';
import { GUIDE_PROVIDER } from '../../shared/config/defaults.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import type { ApiClient } from '../api/api-client.js';
import { createPageLink } from './page-link.js';

/** Whether nothing has ever run in this home. Call it before the start. */
export function isFirstStart(paths: GatewayPaths): boolean {
  return !existsSync(paths.tokenPath) && !existsSync(paths.databasePath);
}

interface Welcome {
  readonly url: string;
  /** Link that signs the page in once; undefined if none can be created or others might read it. */
  readonly pageLink: string | undefined;
  /** False: only the built-in guide answers. undefined: unknown. */
  readonly hasModel: boolean | undefined;
}

/** Whether there is a model beside the built-in guide. */
export const hasRealModel = (models: readonly ModelDocument[]): boolean => models.some(({ provider }) => provider !== GUIDE_PROVIDER);

async function hasModel(api: ApiClient): Promise<boolean | undefined> {
  try {
    const { models } = await api.call<{ models: ModelDocument[] }>({
      method: 'GET',
      path: '/api/models',
      signal: AbortSignal.timeout(2_000),
    });
    return hasRealModel(models);
  } catch {
    // Only the hint is omitted; the gateway is already known to serve.
    return undefined;
  }
}

/** @param options.isTerminal  the link is shown only on a terminal, never written to a journal or a log */
export async function makeWelcome(url: string, api: ApiClient, options: { isTerminal: boolean }): Promise<Welcome> {
  const makeLink = options.isTerminal ? createPageLink(api, url).catch(() => undefined) : undefined;
  const [pageLink, model] = await Promise.all([makeLink, hasModel(api)]);
  return { url, pageLink: pageLink?.url, hasModel: model };
}

/** The lines of the first start. */
export function renderWelcome(welcome: Welcome): string[] {
  const lines = welcome.pageLink === undefined ? [] : [`   Page: ${welcome.pageLink}   (works once)`];
  if (welcome.hasModel === false) {
    lines.push(
      '🤖 No model is configured yet; a built-in guide answers. To add one:',
      '   xopc setup                    # Asks for provider, model, Telegram bot and service',
    );
  }
  return [
    ...lines,
    '📝 Next:',
    '   xopc agent "hello"            # Talk to the agent',
    '   xopc gateway status           # Show its status',
    '   xopc gateway logs --follow    # Follow its log',
  ];
}
