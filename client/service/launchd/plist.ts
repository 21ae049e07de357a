/** The LaunchAgent that `install` writes for macOS. Keys: launchd.plist(5). */
import { dirname, join } from 'node:path';
import { addChecksum, CHECKSUM_COMMENT } from '../files/checksum.js';
import {
  errorLogPath,
  gatewayArguments,
  serviceEnvironment,
  type ServiceFile,
  type ServicePlan,
  stopLimitSeconds,
} from '../plan/service-plan.js';
import { element, indent, parent, unescapeXml, xmlComment } from '../files/xml-text.js';

type Value = string | number | boolean | readonly string[] | { readonly [key: string]: Value };

function valueLines(value: Value): string[] {
  if (typeof value === 'string') return [element('string', value)];
  if (typeof value === 'number') return [element('integer', value)];
  if (typeof value === 'boolean') return [value ? '<true/>' : '<false/>'];
  if (Array.isArray(value))
    return parent(
      'array',
      value.map((item) => element('string', item)),
    );
  return parent(
    'dict',
    Object.entries(value).flatMap(([key, item]) => [element('key', key), ...valueLines(item)]),
  );
}

interface Key {
  readonly key: string;
  readonly value: Value;
  readonly why: string;
}

function keys(plan: ServicePlan): Key[] {
  return [
    { key: 'Label', value: plan.name, why: 'the name for launchctl' },
    {
      key: 'ProgramArguments',
      value: [plan.launcherPath, ...gatewayArguments(plan)],
      why: 'the launcher finds Node and the package at each start',
    },
    { key: 'EnvironmentVariables', value: serviceEnvironment(plan), why: 'no secret: the token is in credentials/token' },
    { key: 'RunAtLoad', value: true, why: 'starts at login' },
    {
      key: 'KeepAlive',
      value: { SuccessfulExit: false },
      why: 'comes back after a crash and after exit 75; exit 0 (stopped, or not startable) is final. With true a stop would be undone',
    },
    { key: 'ThrottleInterval', value: 1, why: 'seconds between starts; the default of 10 would be the gap of an upgrade' },
    { key: 'ExitTimeOut', value: stopLimitSeconds(plan), why: 'seconds from SIGTERM to SIGKILL: the drain and a margin' },
    { key: 'Umask', value: 0o077, why: '077, which a plist can only say in decimal' },
    { key: 'ProcessType', value: 'Interactive', why: 'its clients wait for it: no throttling of CPU and disk' },
    { key: 'StandardOutPath', value: '/dev/null', why: 'the gateway writes its own log' },
    { key: 'StandardErrorPath', value: errorLogPath(dirname(plan.launcherPath)), why: 'why a start failed before there was a log' },
  ];
}

/** @param name  of the service */
export function plistName(name: string): string {
  return `${name}.plist`;
}

export function plistText(plan: ServicePlan): string {
  const entries = keys(plan).flatMap(({ key, value, why }) => [xmlComment(why), element('key', key), ...valueLines(value)]);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    xmlComment('Written by `xopc gateway install`, which refuses to overwrite an edited one.'),
    xmlComment(CHECKSUM_COMMENT),
    '<plist version="1.0">',
    '<dict>',
    ...indent(entries),
    '</dict>',
    '</plist>',
  ];
  return addChecksum(`${lines.join('\n')}\n`);
}

/** Reads a variable of the EnvironmentVariables. */
export function plistVariable(text: string, name: string): string | undefined {
  const value = new RegExp(`<key>${name}</key>\\s*<string>([^<]+)</string>`).exec(text)?.[1];
  return value === undefined ? undefined : unescapeXml(value);
}

/** @param directory  `~/Library/LaunchAgents` */
export function launchdFiles(plan: ServicePlan, directory: string): ServiceFile[] {
  return [{ path: join(directory, plistName(plan.name)), text: plistText(plan), mode: 0o644, encoding: 'utf8' }];
}
