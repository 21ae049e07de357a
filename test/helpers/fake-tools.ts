/** The service managers' commands, scripted: each call is recorded and answered by the first rule that matches it. */
import type { RunTool, ToolResult } from '../../client/service/manager/run-tool.js';

export type ToolRule = readonly [command: RegExp, ...answers: Partial<ToolResult>[]];

export interface FakeTools {
  readonly run: RunTool;
  /** Command lines in order. */
  readonly calls: string[];
}

/** Answers are used up one after the other, the last one forever; what no rule matches succeeds silently. */
export function fakeTools(...rules: ToolRule[]): FakeTools {
  const calls: string[] = [];
  const left = rules.map(([command, ...answers]) => ({ command, answers: [...answers] }));
  const run: RunTool = (command, args) => {
    const line = [command, ...args].join(' ');
    calls.push(line);
    const rule = left.find((candidate) => candidate.command.test(line));
    const answer = rule !== undefined && rule.answers.length > 1 ? rule.answers.shift() : rule?.answers[0];
    return Promise.resolve({ code: 0, stdout: '', stderr: '', ...answer });
  };
  return { run, calls };
}
