/** The part of `doctor` that is loaded when it runs. */
export { doctorExitCode, renderFindings } from './doctor/render-findings.js';
export { repairAll, runChecks } from './doctor/run-doctor.js';
