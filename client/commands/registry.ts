/**
 * All commands, in the order of the help, each loaded when its words are typed: a command costs the start-up time of
 * what it needs itself and of nothing else.
 */
import { CONTROL_COMMANDS } from './control-registry.js';
import type { CommandEntry } from './command-entry.js';

/** A test keeps the paths in step with those of the classes. */
export const COMMANDS: readonly CommandEntry[] = [
  ...CONTROL_COMMANDS,
  { paths: [['gateway', 'install']], load: async () => (await import('./gateway/install.js')).InstallCommand },
  { paths: [['gateway', 'uninstall']], load: async () => (await import('./gateway/uninstall.js')).UninstallCommand },
  { paths: [['gateway', 'service-start']], load: async () => (await import('./gateway/service-start.js')).ServiceStartCommand },
  { paths: [['gateway', 'service-status']], load: async () => (await import('./gateway/service-status.js')).ServiceStatusCommand },
  { paths: [['gateway', 'token']], load: async () => (await import('./gateway/token.js')).TokenCommand },
  { paths: [['gateway', 'log-level']], load: async () => (await import('./gateway/log-level.js')).LogLevelCommand },
  { paths: [['gateway', 'open']], load: async () => (await import('./gateway/open.js')).OpenCommand },
  { paths: [['agent']], load: async () => (await import('./agent.js')).AgentCommand },
  { paths: [['send']], load: async () => (await import('./send.js')).SendCommand },
  { paths: [['messages'], ['messages', 'list']], load: async () => (await import('./messages/list.js')).MessageListCommand },
  { paths: [['messages', 'show']], load: async () => (await import('./messages/show.js')).MessageShowCommand },
  { paths: [['messages', 'retry']], load: async () => (await import('./messages/settle.js')).MessageRetryCommand },
  { paths: [['messages', 'drop']], load: async () => (await import('./messages/settle.js')).MessageDropCommand },
  {
    paths: ['pin', 'unpin', 'archive', 'unarchive', 'read', 'unread'].map((verb) => ['sessions', verb]),
    load: async () => (await import('./sessions/shelf.js')).SessionShelfCommand,
  },
  { paths: [['sessions', 'tag']], load: async () => (await import('./sessions/shelf.js')).SessionTagCommand },
  { paths: [['sessions'], ['sessions', 'list']], load: async () => (await import('./sessions/list.js')).SessionListCommand },
  { paths: [['sessions', 'show']], load: async () => (await import('./sessions/show.js')).SessionShowCommand },
  { paths: [['sessions', 'delete']], load: async () => (await import('./sessions/settle.js')).SessionDeleteCommand },
  { paths: [['sessions', 'restore']], load: async () => (await import('./sessions/settle.js')).SessionRestoreCommand },
  { paths: [['models'], ['models', 'list']], load: async () => (await import('./models/list.js')).ModelListCommand },
  { paths: [['models', 'providers']], load: async () => (await import('./models/list.js')).ProviderListCommand },
  { paths: [['models', 'usage']], load: async () => (await import('./models/usage.js')).ModelUsageCommand },
  { paths: [['models', 'default']], load: async () => (await import('./models/default.js')).ModelDefaultCommand },
  { paths: [['models', 'test']], load: async () => (await import('./models/try.js')).ModelTestCommand },
  { paths: [['channels'], ['channels', 'list']], load: async () => (await import('./channels/list.js')).ChannelListCommand },
  { paths: [['channels', 'approve']], load: async () => (await import('./channels/admit.js')).ChannelApproveCommand },
  { paths: [['channels', 'revoke']], load: async () => (await import('./channels/admit.js')).ChannelRevokeCommand },
  { paths: [['cron'], ['cron', 'list']], load: async () => (await import('./cron/list.js')).CronListCommand },
  { paths: [['cron', 'add']], load: async () => (await import('./cron/change.js')).CronAddCommand },
  { paths: [['cron', 'edit']], load: async () => (await import('./cron/change.js')).CronEditCommand },
  { paths: [['cron', 'remove']], load: async () => (await import('./cron/change.js')).CronRemoveCommand },
  {
    paths: [
      ['cron', 'enable'],
      ['cron', 'disable'],
    ],
    load: async () => (await import('./cron/change.js')).CronEnableCommand,
  },
  { paths: [['cron', 'run']], load: async () => (await import('./cron/change.js')).CronRunCommand },
  { paths: [['cron', 'history']], load: async () => (await import('./cron/list.js')).CronHistoryCommand },
  { paths: [['cron', 'next']], load: async () => (await import('./cron/list.js')).CronNextCommand },
  { paths: [['config', 'get']], load: async () => (await import('./config/get.js')).ConfigGetCommand },
  { paths: [['config', 'set']], load: async () => (await import('./config/set.js')).ConfigSetCommand },
  { paths: [['config', 'unset']], load: async () => (await import('./config/set.js')).ConfigUnsetCommand },
  { paths: [['config', 'undo']], load: async () => (await import('./config/set.js')).ConfigUndoCommand },
  { paths: [['config', 'versions']], load: async () => (await import('./config/inspect.js')).ConfigVersionsCommand },
  { paths: [['config', 'edit']], load: async () => (await import('./config/edit.js')).ConfigEditCommand },
  { paths: [['config', 'validate']], load: async () => (await import('./config/inspect.js')).ConfigValidateCommand },
  { paths: [['config', 'schema']], load: async () => (await import('./config/inspect.js')).ConfigSchemaCommand },
  { paths: [['config', 'path']], load: async () => (await import('./config/inspect.js')).ConfigPathCommand },
  { paths: [['doctor'], ['gateway', 'doctor']], load: async () => (await import('./doctor.js')).DoctorCommand },
  { paths: [['backup']], load: async () => (await import('./backup.js')).BackupCommand },
  { paths: [['restore']], load: async () => (await import('./restore.js')).RestoreCommand },
  { paths: [['completion']], load: async () => (await import('./completion.js')).CompletionCommand },
  { paths: [['@log-view']], load: async () => (await import('./log-view.js')).LogViewCommand },
];
