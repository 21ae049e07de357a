/**
 * Entry of the bundle with code that a worker rarely needs, so that its start does not load it: the log service, Prometheus's text
 * format, WebSockets, Telegram, calls of webhooks, traces, and cron expressions in words.
 */
import 'cronstrue/locales/zh_CN';
import { TelegramAccount } from '../channels/telegram/account.js';
import type { TelegramModule } from '../channels/telegram/telegram.js';

export { collectDefaultMetrics, Registry } from 'prom-client';
export { toString as describe } from 'cronstrue';
export { WebSocket, WebSocketServer } from 'ws';
export { createLineMatcher } from '../../../shared/node/log/line-matcher.js';
export { composeTelegram } from '../channels/telegram/compose.js';
export { inbound } from '../channels/webhook/inbound/inbound.js';
export { createLogService } from '../../../shared/node/log/log-service.js';
export { createTracer } from '../tracing/tracer.js';

export const createTelegramAccount: TelegramModule['createTelegramAccount'] = (options) => new TelegramAccount(options);
