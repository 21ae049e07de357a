/** Tool calls: a line each, with input and result folded below it. */
import { useState } from 'preact/hooks';
import { NOT_RUN } from '../../../../../shared/api/tools/approval-states.js';
import { Icon } from '../../../components/icon/icon.js';
import { CodeBlock } from '../../../components/code-block/code-block.js';
import { Badge } from '../../../components/status-dot/status-dot.js';
import { durationText } from '../../../components/time-text/time-text.js';
import { MessageFiles } from '../composer/file-list.js';
import type { StoredMessage } from '../model/chat-model.js';
import type { ToolStep } from '../model/live-answer.js';
import { t } from '../text.js';

interface ToolUse {
  readonly name: string;
  readonly input: string;
  /** Undefined while the tool runs. */
  readonly output: string | undefined;
  readonly isFailed: boolean;
  readonly durationMs: number | undefined;
  /** Its content, loaded when it is opened. */
  readonly files?: StoredMessage['attachments'];
}

/** Indents JSON; a long input is stored in part, and shown as it is. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

function Outcome({ isFailed, output, durationMs }: ToolUse) {
  if (isFailed && output?.startsWith(NOT_RUN)) return <Badge>{t('toolNotRun')}</Badge>;
  return (
    <>
      {isFailed && <Badge tone="bad">{t('toolFailed')}</Badge>}
      {durationMs !== undefined && <span class="number">{durationText(durationMs)}</span>}
    </>
  );
}

function ToolRow({ id, use }: { id?: string; use: ToolUse }) {
  const { name, input, output, files = [] } = use;
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="tool-row" data-message={id} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        {output === undefined ? <i class="pulse" role="img" aria-label={t('working')} /> : <Icon name="tool" size={14} />}
        <span class="off-screen">{t('tool')}</span>
        <code>{name}</code>
        <span class="tool-input">{input}</span>
        <Outcome {...use} />
        <Icon name="down" size={14} />
      </summary>
      <div class="tool-parts">
        {input !== '' && (
          <section>
            <h4>{t('toolInput')}</h4>
            <CodeBlock text={indented(input)} />
          </section>
        )}
        {output !== undefined && (
          <section>
            <h4>{t('toolResult')}</h4>
            <CodeBlock text={indented(output)} />
            {isOpen && files.length > 0 && <MessageFiles files={files} />}
          </section>
        )}
      </div>
    </details>
  );
}

/** A stored call: name and input in the first line, then the output. */
const STORED = /^([\w-]{1,64}) ([^\n]*)\n\n([\s\S]*)$/;

export function StoredTool({ message: { id, content, status, durationMs, attachments: files } }: { message: StoredMessage }) {
  const [, name = '', input = '', output = content] = STORED.exec(content) ?? [];
  return <ToolRow id={id} use={{ name, input, output, isFailed: status === 'error', durationMs, files }} />;
}

/** The calls of the answer in progress. Results come in the order of the calls. */
export function LiveTools({ tools }: { tools: readonly ToolStep[] }) {
  const results = tools.filter(({ state }) => state !== 'call');
  return (
    <>
      {tools
        .filter(({ state }) => state === 'call')
        .map(({ name, detail }, index) => {
          const result = results[index];
          const use = { name, input: detail, output: result?.detail, isFailed: result?.state === 'error', durationMs: result?.durationMs };
          return <ToolRow key={index} use={use} />;
        })}
    </>
  );
}
