/** Every migration, oldest first. A released one is never changed. */
import { conversations } from './0001-conversations.js';
import { delivery } from './0002-delivery.js';
import { cron } from './0003-cron.js';
import { agentTurns } from './0004-agent-turns.js';
import { messageSearch } from './0005-message-search.js';
import { searchBacklog } from './0006-search-backlog.js';
import { chatBranches } from './0007-chat-branches.js';
import { sessionShelf } from './0008-session-shelf.js';
import { overview } from './0009-overview.js';
import { turnRepeats } from './0010-turn-repeats.js';
import { acceptJournal } from './0011-accept-journal.js';
import { applyJournal } from './0012-apply-journal.js';
import { pageSecrets } from './0014-page-secrets.js';
import { numericChatIds } from './0015-numeric-chat-ids.js';
import { health } from './0017-health.js';
import { toolDurations } from './0019-tool-durations.js';
import { otherWorkers } from './0021-other-workers.js';
import { accessTokens } from './0023-access-tokens.js';
import { responses } from './0024-responses.js';
import { spending } from './0026-spending.js';
import { tokenUsage } from './0028-token-usage.js';
import { tokenPrefix } from './0030-token-prefix.js';
import { turnSteps } from './0032-turn-steps.js';
import { approvals } from './0033-approvals.js';
import { summaries } from './0034-summaries.js';
import { callUsage } from './0035-call-usage.js';
import { activeHours } from './0036-active-hours.js';
import { nothingToReport } from './0037-nothing-to-report.js';
import { jobLimits } from './0038-job-limits.js';
import { cronRunTurns } from './0039-cron-run-turns.js';
import { askingTokens } from './0041-asking-tokens.js';
import { lookedForCommits } from './0043-looked-for-commits.js';
import { trimmedFiles } from './0044-trimmed-files.js';
import { textsEncodedOnce } from './0045-texts-encoded-once.js';
import { messageEnds } from './0047-message-ends.js';
import { restoreMark } from './0049-restore-mark.js';
import { nodeBuilds } from './0051-node-builds.js';
import { replyChats } from './0053-reply-chats.js';
import { sentAnswers } from './0055-sent-answers.js';
import { dropJournal } from './0056-drop-journal.js';
import type { Migration } from './migration.js';

export const MIGRATIONS: readonly Migration[] = [
  conversations,
  delivery,
  cron,
  agentTurns,
  messageSearch,
  searchBacklog,
  chatBranches,
  sessionShelf,
  overview,
  turnRepeats,
  acceptJournal,
  applyJournal,
  pageSecrets,
  numericChatIds,
  health,
  toolDurations,
  otherWorkers,
  accessTokens,
  responses,
  spending,
  tokenUsage,
  tokenPrefix,
  turnSteps,
  approvals,
  summaries,
  callUsage,
  activeHours,
  nothingToReport,
  jobLimits,
  cronRunTurns,
  askingTokens,
  lookedForCommits,
  trimmedFiles,
  textsEncodedOnce,
  messageEnds,
  restoreMark,
  nodeBuilds,
  replyChats,
  sentAnswers,
  dropJournal,
];

/** The schema that this build knows. */
export const NEWEST_SCHEMA = MIGRATIONS.at(-1)?.version ?? 0;
