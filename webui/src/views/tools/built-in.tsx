/** The gateway's own tools. */
import { TOOL_NAMES, type ToolName } from '../../../../shared/config/tools/built-in.js';
import type { Scope } from './permission.js';
import { ToolRow } from './tool-row.js';
import { t } from './text.js';

const READ_ONLY: readonly ToolName[] = ['time', 'fetch'];

export function BuiltIn({ scope }: { scope: Scope }) {
  const { agent } = scope;
  return (
    <section class="card tool-server">
      <div class="card-head">
        <h2>{t('builtIn')}</h2>
      </div>
      <ul class="tool-list" aria-label={t('builtIn')}>
        {TOOL_NAMES.map((name) => (
          <ToolRow
            key={name}
            fullName={name}
            description={t(`about_${name}`)}
            isBuiltIn
            isReadOnly={READ_ONLY.includes(name)}
            problem={agent?.tools.includes(name) === false ? t('notInTools') : undefined}
            scope={scope}
          />
        ))}
      </ul>
    </section>
  );
}
