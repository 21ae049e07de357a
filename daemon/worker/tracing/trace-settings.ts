/** Determines where traces are sent: to the configured collector, otherwise to the one in OpenTelemetry's own variables. */
import type { Config } from '../../../shared/config/schema.js';
import { mergeHeaders } from '../../../shared/node/merge-headers.js';
import { splitCredentials } from '../../../shared/node/split-credentials.js';
import { decodeComponent } from '../../../shared/text/decode-component.js';

export interface TraceSettings {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The share of new traces that is kept, 0 to 1. */
  readonly ratio: number;
}

type Lookup = (name: string) => string | undefined;

const PATH = '/v1/traces';

/** A collector's address without a path gets the usual path. */
function withPath(address: string): string {
  const url = new URL(address);
  if (url.pathname === '/') url.pathname = PATH;
  return url.href;
}

/** Reads `name=value,name=value`. */
function parseHeaders(text: string): Record<string, string> {
  const pairs = text
    .split(',')
    .map((pair) => [pair.split('=', 1)[0]?.trim() ?? '', decodeComponent(pair.slice(pair.indexOf('=') + 1).trim())] as const);
  return Object.fromEntries(pairs.filter(([name]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name)));
}

function withoutCredentials({ url, headers }: Omit<TraceSettings, 'ratio'>): Omit<TraceSettings, 'ratio'> {
  const { url: address, authorization } = splitCredentials(url);
  return authorization === undefined ? { url, headers } : { url: address.href, headers: mergeHeaders({ authorization }, headers) };
}

/** Source: OpenTelemetry's specification of the OTLP exporter. */
function readVariables(lookup: Lookup): Omit<TraceSettings, 'ratio'> | undefined {
  const base = lookup('OTEL_EXPORTER_OTLP_ENDPOINT');
  const url = lookup('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? (base && `${base.replace(/\/+$/, '')}${PATH}`);
  const protocol = lookup('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? lookup('OTEL_EXPORTER_OTLP_PROTOCOL');
  const headers = lookup('OTEL_EXPORTER_OTLP_TRACES_HEADERS') ?? lookup('OTEL_EXPORTER_OTLP_HEADERS') ?? '';
  const isOff = lookup('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || protocol === 'grpc';
  if (isOff || url === undefined || !/^https?:/i.test(url) || !URL.canParse(url)) return undefined;
  return { url, headers: parseHeaders(headers) };
}

/** @returns undefined: traces are off */
export function readTraceSettings({ url, headers, ratio }: Config['telemetry']['traces'], lookup: Lookup): TraceSettings | undefined {
  const place = url === undefined ? readVariables(lookup) : { url: withPath(url), headers };
  return place && { ...withoutCredentials(place), ratio };
}
