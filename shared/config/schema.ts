/**
 * The configuration's one zod schema: types, validation, JSON Schema and the page's form all come from here. Unknown keys are
 * refused at every level. Published names (`api_key`) are kept; all others are camelCase with units.
 */
import * as z from 'zod';
import { parseBasePath } from './base-path.js';
import {
  GATEWAY_DEFAULTS,
  HOST,
  HOST_RULE,
  LOG_DEFAULTS,
  MAX_DRAIN_TIMEOUT_MS,
  MAX_SECRET_LENGTH,
  SILENCE_TIMEOUT_MS,
} from './defaults.js';
import { checked, headerName, httpUrl, id, refusal } from './fields.js';
import { approvalTimeout, DEFAULT_APPROVAL_TIMEOUT_MS, permissions } from './tools/permissions.js';
import { LOG_LEVELS } from '../log/level.js';
import { reason } from '../text/reasons.js';
import { TOOL_NAMES } from './tools/built-in.js';
import { mcp, mcpServerName } from './tools/mcp.js';
import { webhookAccount } from './webhook/account.js';

export { LOG_LEVELS, type LogLevel } from '../log/level.js';

const origin = z.string().regex(/^https?:\/\/[^/\s]+$/, 'must be an origin such as https://example.com, without a path');
const modelRef = z.string().regex(/^[^/\s]{1,64}\/\S{1,300}$/, 'must be provider/model, e.g. openai/gpt-5');
const modelChoice = z.union([modelRef, z.strictObject({ primary: modelRef, fallbacks: z.array(modelRef).default([]) })]);

function isAddressRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const isIpv4 = z.regexes.ipv4.test(address);
  if (rest.length > 0 || !(isIpv4 || z.regexes.ipv6.test(address))) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIpv4 ? 32 : 128));
}

const addressRange = checked(isAddressRange, 'not-address');

const auth = z.strictObject({
  /** Not set: other machines need the token. true: this machine does too. false: only the log and the configuration need it. */
  enabled: z.boolean().optional(),
  /** null: the generated token in `credentials/token`. */
  api_key: z
    .string()
    .max(512)
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces, to be valid in a header')
    .nullable()
    .default(null),
});

const cors = z.strictObject({
  enabled: z.boolean().default(false),
  origins: z.array(z.union([z.literal('*'), origin])).default([]),
  credentials: z.boolean().default(false),
});

const gateway = z.strictObject({
  host: z.string().regex(HOST, HOST_RULE).default(GATEWAY_DEFAULTS.host),
  port: z.int().min(1).max(65_535).default(GATEWAY_DEFAULTS.port),
  auth: auth.prefault({}),
  cors: cors.prefault({}),
  drainTimeoutMs: z.int().min(0).max(MAX_DRAIN_TIMEOUT_MS).default(GATEWAY_DEFAULTS.drainTimeoutMs),
  maxBodyBytes: z.int().min(1_024).max(104_857_600).default(1_048_576),
  /** Maximum size of a session file, which is read piece by piece. */
  maxImportBytes: z.int().min(1_024).max(1_099_511_627_776).default(1_073_741_824),
  /** Addresses or CIDR ranges of reverse proxies whose forwarding headers are trusted. */
  trustedProxies: z.array(addressRange).default([]),
  /** Path below which a reverse proxy publishes the gateway. */
  basePath: checked((text) => text === '' || parseBasePath(text) !== undefined, 'not-base-path').default(''),
  /** Host names beyond this machine's own under which the gateway may be reached without the token. */
  allowedHosts: z.array(z.string().min(1).max(253)).default([]),
  /** If not empty, only these addresses or CIDR ranges may connect. */
  allowedIps: z.array(addressRange).default([]),
});

const HOST_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i;
const fetchTarget = checked((text) => isAddressRange(text) || HOST_NAME.test(text), 'not-host');

const tools = z.array(z.enum(TOOL_NAMES));
const mcpServers = z.array(mcpServerName).max(100);
/** How long a model may send nothing. */
const silence = z.int().min(1_000).max(3_600_000);

/** Maximum US dollars spent on models per day (UTC). */
const dailyUsd = z.number().min(0).max(1_000_000);

const agent = z.strictObject({
  id,
  name: z.string().min(1).max(200).optional(),
  enabled: z.boolean().default(true),
  model: modelChoice.optional(),
  systemPrompt: z.string().max(100_000).optional(),
  tools: tools.optional(),
  /** Not set: the defaults. */
  mcpServers: mcpServers.optional(),
  silenceTimeoutMs: silence.optional(),
  dailyUsd: dailyUsd.optional(),
  /** Which tools it may use; these take precedence over the rules for all agents. */
  permissions: permissions.optional(),
  summaries: z.boolean().optional(),
});

/** Returns the id of the agent that answers if none is named. */
function findDefault(agents: { default?: string | undefined; list: readonly { id: string; enabled: boolean }[] }): string | undefined {
  const enabled = agents.list.filter((entry) => entry.enabled);
  return (enabled.find((entry) => entry.id === agents.default) ?? enabled[0])?.id;
}

const agents = z
  .strictObject({
    /** The agent that answers if none is named. Not set, or disabled: replaced by the first enabled agent of the list. */
    default: id.optional(),
    /** Limit for all model calls together. */
    dailyUsd: dailyUsd.optional(),
    list: z.array(agent).default([{ id: 'main', name: 'Main', enabled: true }]),
    defaults: z
      .strictObject({
        model: modelChoice.optional(),
        maxToolIterations: z.int().min(1).max(200).default(20),
        /** For agents without a list of their own. */
        tools: tools.default([...TOOL_NAMES]),
        /** MCP servers of agents without a list of their own. Not set: all. */
        mcpServers: mcpServers.optional(),
        /** For agents and providers without a limit of their own. */
        silenceTimeoutMs: silence.default(SILENCE_TIMEOUT_MS),
        /** For each agent without a limit of its own. */
        dailyUsd: dailyUsd.optional(),
        /** Which tools agents may use, must ask about, or may not use. */
        permissions: permissions.default({}),
        /** How long a tool call waits for a decision. */
        approvalTimeoutMs: approvalTimeout.default(DEFAULT_APPROVAL_TIMEOUT_MS),
        /** Private addresses that the tool `fetch` may access. */
        fetchAllow: z.array(fetchTarget).default([]),
        /** Whether to look for model servers on this machine. */
        discovery: z.boolean().default(true),
        /** How a chat gets its title: from its first words, or from its model, which takes one more short call. */
        titles: z.enum(['words', 'model']).default('words'),
        /** Whether the older messages of a long conversation are summarised for its model. Otherwise they are left out. */
        summaries: z.boolean().default(true),
        /** The model that writes the summaries. Not set: the model that answered last. */
        summaryModel: modelRef.optional(),
      })
      .prefault({}),
  })
  .superRefine((value, context) => {
    const seen = new Set<string>();
    value.list.forEach((entry, index) => {
      if (seen.has(entry.id)) context.addIssue({ ...refusal(reason('id-twice', { value: entry.id })), path: ['list', index, 'id'] });
      seen.add(entry.id);
    });
    if (value.default !== undefined && !seen.has(value.default))
      context.addIssue({ ...refusal(reason('not-in-list', { value: value.default })), path: ['default'] });
    if (findDefault(value) === undefined) context.addIssue({ ...refusal(reason('no-enabled-agent')), path: ['list'] });
  })
  .transform((value) => ({ ...value, default: findDefault(value) ?? '' }));

/** The model that transcribes recordings. */
const transcription = z.strictObject({
  /** A model of a provider with OpenAI's API. Not set: recordings are not transcribed. */
  model: modelRef.optional(),
  /** The spoken language. Not set: the model detects it. */
  language: z
    .string()
    .regex(/^[a-z]{2,3}$/, 'must be the code of a language, such as en or zh')
    .optional(),
  maxSeconds: z.int().min(1).max(86_400).default(1_200),
  maxBytes: z.int().min(1_024).max(104_857_600).default(20_971_520),
  timeoutMs: z.int().min(1_000).max(3_600_000).default(120_000),
});

const telegramAccount = z.strictObject({
  enabled: z.boolean().default(true),
  botToken: z.string().min(1).max(MAX_SECRET_LENGTH),
  agentId: id.optional(),
  dmPolicy: z.enum(['pairing', 'allowlist', 'open', 'disabled']).default('pairing'),
  allowFrom: z.array(z.union([z.int(), z.string().min(1).max(200)])).default([]),
  groupPolicy: z.enum(['allowlist', 'open', 'disabled']).default('disabled'),
  streamMode: z.enum(['off', 'partial']).default('off'),
  apiRoot: httpUrl.optional(),
});

const channels = z.strictObject({
  telegram: z.strictObject({ enabled: z.boolean().default(true), accounts: z.record(id, telegramAccount).default({}) }).optional(),
  webhook: z.strictObject({ enabled: z.boolean().default(true), accounts: z.record(id, webhookAccount).default({}) }).optional(),
});

const cron = z.strictObject({
  enabled: z.boolean().default(true),
  maxConcurrentJobs: z.int().min(1).max(100).default(5),
  /** Limit for each job. */
  jobDailyUsd: dailyUsd.optional(),
  defaultTimezone: z.string().min(1).max(100).default('system'),
  historyRetentionDays: z.int().min(1).max(3_650).default(30),
});

/** Null: no limit. Pinned sessions are not affected. */
const retention = (maxAgeDays: number | null, maxMessages: number | null) =>
  z
    .strictObject({
      maxAgeDays: z.int().min(1).max(36_500).nullable().default(maxAgeDays),
      maxMessages: z.int().min(10).max(10_000_000).nullable().default(maxMessages),
    })
    .prefault({});

const sessions = z.strictObject({
  retention: z
    .strictObject({
      webchat: retention(null, null),
      api: retention(null, null),
      cron: retention(30, 2_000),
      channels: retention(null, null),
    })
    .prefault({}),
});

const databaseUrl = z.url({ protocol: /^postgres(?:ql)?$/ }).max(2_048);

const store = z.strictObject({
  /** Not set: SQLite in the home. */
  url: databaseUrl.optional(),
  /** Where to listen for notifications: the server itself if `url` names a pooler. Not set: `url`. */
  listenUrl: databaseUrl.optional(),
});

const logs = z.strictObject({
  level: z.enum(LOG_LEVELS).default(LOG_DEFAULTS.level),
  /** Size of one log file; beyond it the file is rotated. */
  maxBytes: z.int().min(65_536).max(1_073_741_824).default(LOG_DEFAULTS.maxBytes),
  /** How many rotated files are kept. */
  files: z.int().min(1).max(100).default(LOG_DEFAULTS.files),
});

const telemetry = z.strictObject({
  traces: z
    .strictObject({
      /** A collector of OpenTelemetry (OTLP over HTTP). Not set: what `OTEL_EXPORTER_OTLP_ENDPOINT` names, otherwise nothing is sent. */
      url: httpUrl.optional(),
      headers: z.record(headerName, z.string().max(MAX_SECRET_LENGTH)).default({}),
      /** Share of traces that are sent; a caller's own sampling decision takes precedence. */
      ratio: z.number().min(0).max(1).default(1),
    })
    .prefault({}),
});

export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  gateway: gateway.prefault({}),
  agents: agents.prefault({}),
  transcription: transcription.prefault({}),
  mcp: mcp.prefault({}),
  channels: channels.prefault({}),
  cron: cron.prefault({}),
  sessions: sessions.prefault({}),
  store: store.prefault({}),
  logs: logs.prefault({}),
  telemetry: telemetry.prefault({}),
});

/** A validated configuration with every default filled in. */
export type Config = z.output<typeof configSchema>;
/** As in the file: what has a default may be missing. */
export type WrittenConfig = z.input<typeof configSchema>;
export type AgentConfig = Config['agents']['list'][number];
export type ModelChoice = z.output<typeof modelChoice>;
