import { Command, Option } from 'clipanion';
import { configJsonSchema, validateFiles, type Variables } from '../../../shared/config/validate.js';
import { formatProblem } from '../../../shared/errors.js';
import { loadConfigFile } from '../../../shared/node/config/config-file.js';
import { configInvalid } from '../../../shared/node/config/config-text.js';
import { isVersionOf, listVersions } from '../../../shared/node/config/config-versions.js';
import { ListCommand } from '../../cli/list-command.js';
import { usage } from '../../cli/usage.js';
import { ConfigCommand } from './config-command.js';

export class ConfigValidateCommand extends ConfigCommand {
  static override readonly usage = Command.Usage({
    category: 'Configuration',
    description: 'Check the configuration and models.json.',
    details: 'Exit code: 0 valid, 78 invalid. Every problem names file, line, column, key and the allowed values.',
    examples: [
      ['The files in use', 'xopc config validate'],
      ['Another file', 'xopc config validate draft.json'],
    ],
  });

  readonly file = Option.String({ name: 'file', required: false });

  protected async run(): Promise<number> {
    const { configPath, modelsPath } = this.io.gatewayPaths;
    const path = this.file ?? configPath;
    const document = loadConfigFile({ path });
    if (this.file !== undefined && !document.exists) throw usage(`${path} does not exist`, 'Name an existing file.');
    const modelsDocument = loadConfigFile({ path: modelsPath });
    const validate = (variables: Variables) => {
      const { config, models, references } = validateFiles(document, modelsDocument, variables);
      const results = this.file === undefined ? [config, models] : [config];
      const problems = [...results.flatMap((result) => result.problems), ...references];
      return { problems, warnings: results.flatMap((result) => result.warnings) };
    };
    const { problems, warnings } = validate('unknown');
    if (problems.length > 0) throw configInvalid(path, problems, this.file === undefined ? undefined : 'Correct it, then check it again.');
    if (!this.json) for (const warning of warnings) await this.io.note(`Warning: ${formatProblem(warning)}`, this.io.err.paint.yellow);
    const canStart = validate('known').problems.length === 0;
    const refusal = ', but variables that it uses are not set here: a gateway started with it from this shell would be refused';
    return this.printResult({ valid: true, canStart, warnings }, `${path} is valid${canStart ? '' : refusal}.`);
  }
}

export class ConfigSchemaCommand extends ConfigCommand {
  static override readonly usage = Command.Usage({
    category: 'Configuration',
    description: 'Print the JSON Schema of the configuration, for editors.',
    examples: [['Save it beside the file', 'xopc config schema > ~/.xopc/config.schema.json']],
  });

  protected async run(): Promise<number> {
    await this.io.printJson(configJsonSchema());
    return 0;
  }
}

export class ConfigVersionsCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Configuration',
    description: 'List the earlier versions of the configuration, newest first.',
    details: 'The last twenty that a gateway ran with, or that xopc replaced. Restore one with: xopc config undo --to ID',
    examples: [['All that are kept', 'xopc config versions']],
  });

  protected async run(): Promise<number> {
    const { configPath, configVersionsDir } = this.io.gatewayPaths;
    const { hash } = loadConfigFile({ path: configPath });
    const versions = listVersions(configVersionsDir).map((version) => ({
      id: version.id,
      at: new Date(version.atMs).toISOString(),
      current: isVersionOf(version, hash),
    }));
    const rows = versions.map(({ id, at, current }) => [id, at, current ? 'current' : '']);
    return this.printTable(
      { versions },
      { columns: { VERSION: Infinity, TIME: Infinity, '': Infinity }, rows, none: 'There are no earlier versions yet.' },
    );
  }
}

export class ConfigPathCommand extends ConfigCommand {
  static override readonly usage = Command.Usage({
    category: 'Configuration',
    description: 'Print where the configuration is.',
    examples: [['Its path', 'xopc config path']],
  });

  protected async run(): Promise<number> {
    const { configPath, modelsPath, home } = this.io.gatewayPaths;
    return this.printResult({ configPath, modelsPath, home }, configPath);
  }
}
