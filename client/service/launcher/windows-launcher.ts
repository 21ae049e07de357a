/**
 * The launcher for the Task Scheduler: a batch file that finds Node and the package, sets the environment, and restarts the gateway. The
 * Task Scheduler restarts only a task that could not be started at all.
 */
import { addChecksum, CHECKSUM_COMMENT } from '../files/checksum.js';
import { FINAL_EXIT_CODES, RESTART_ME_EXIT_CODE } from '../../../shared/exit-codes.js';
import { serviceEnvironment, type ServicePlan } from '../plan/service-plan.js';

/** In a batch file `%` starts a variable; a path cannot contain a quote. */
function batchText(text: string): string {
  return text.replaceAll('%', '%%');
}

const set = (name: string, value: string): string => `set "${name}=${batchText(value)}"`;

const FIND_NODE = [
  'if not exist "%XOPC_NODE%" set "XOPC_NODE=%ProgramFiles%\\nodejs\\node.exe"',
  'if not exist "%XOPC_NODE%" for /f "delims=" %%n in (\'where node 2^>nul\') do if not exist "%XOPC_NODE%" set "XOPC_NODE=%%n"',
  'if not exist "%XOPC_PACKAGE%\\dist\\main.cjs" set "XOPC_PACKAGE=%APPDATA%\\npm\\node_modules\\xopc"',
  'if not exist "%XOPC_NODE%" exit /b 78',
  'if not exist "%XOPC_PACKAGE%\\dist\\main.cjs" exit /b 78',
];

const START_NODE = '"%XOPC_NODE%" --inspect-port=192.0.2.1:9229 "%XOPC_PACKAGE%\\dist\\main.cjs" gateway %*';
const START_BINARY = '"%XOPC_BINARY%" gateway %*';

function programLines({ program }: ServicePlan): string[] {
  if (program.runtime === 'binary') return [set('XOPC_BINARY', program.path), 'if not exist "%XOPC_BINARY%" exit /b 78'];
  return [set('XOPC_NODE', program.nodePath ?? ''), set('XOPC_PACKAGE', program.path), ...FIND_NODE];
}

/** Returns the batch file, with Windows line ends, to be written to `plan.launcherPath`. */
export function windowsLauncher(plan: ServicePlan): string {
  const lines = [
    '@echo off',
    'rem Starts the gateway for the Task Scheduler, and restarts it after a crash. Written by `xopc gateway install`.',
    `rem ${CHECKSUM_COMMENT}`,
    'rem Put your own environment variables in ..\\service.env: lines NAME=value.',
    'setlocal',
    'chcp 65001 >nul',
    ...Object.entries(serviceEnvironment(plan)).map(([name, value]) => set(name, value)),
    ':start',
    'if exist "%~dp0..\\service.env" for /f "usebackq eol=# delims=" %%v in ("%~dp0..\\service.env") do set "%%v"',
    ...programLines(plan),
    plan.program.runtime === 'binary' ? START_BINARY : START_NODE,
    'set "XOPC_EXIT=%ERRORLEVEL%"',
    ...FINAL_EXIT_CODES.map((code) => `if "%XOPC_EXIT%"=="${code}" exit /b ${code}`),
    `if "%XOPC_EXIT%"=="${RESTART_ME_EXIT_CODE}" goto start`,
    'rem A pause that needs no console input, unlike timeout.exe.',
    'ping -n 3 127.0.0.1 >nul',
    'goto start',
  ];
  return addChecksum(`${lines.join('\r\n')}\r\n`);
}
