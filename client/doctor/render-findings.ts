/** Renders the findings of `doctor` as text. */
import { escapeControls } from '../../shared/log/escape.js';
import type { Finding, FindingLevel } from './finding.js';
import type { Repair } from './run-doctor.js';

const SIGNS: Readonly<Record<FindingLevel, string>> = { ok: '✅', warn: '⚠️ ', fail: '❌' };

const count = (findings: readonly Finding[], level: FindingLevel): number => findings.filter((finding) => finding.level === level).length;

function findingLines({ id, level, message, fix }: Finding): string[] {
  return [`${SIGNS[level]} ${id}: ${escapeControls(message)}`, ...(fix === undefined ? [] : [`     ${escapeControls(fix)}`])];
}

function summary(findings: readonly Finding[]): string {
  const [failures, warnings] = [count(findings, 'fail'), count(findings, 'warn')];
  if (failures + warnings === 0) return 'No problems found.';
  const words = [
    ...(failures === 0 ? [] : [`${failures} ${failures === 1 ? 'problem' : 'problems'}`]),
    ...(warnings === 0 ? [] : [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`]),
  ].join(', ');
  const canRepair = findings.some(({ repair }) => repair !== undefined);
  return `${words}.${canRepair ? ' Repair what is safe with: xopc doctor --fix' : ''}`;
}

export function renderFindings(findings: readonly Finding[], repairs: readonly Repair[]): string {
  const done = repairs.map(({ id, did, succeeded }) => `🔧 ${id}: ${succeeded ? '' : 'could not be repaired: '}${escapeControls(did)}`);
  return [...done, ...findings.flatMap(findingLines), summary(findings)].join('\n');
}

/** Returns exit code 0 if no check failed, 1 otherwise. */
export function doctorExitCode(findings: readonly Finding[]): number {
  return count(findings, 'fail') === 0 ? 0 : 1;
}
