/** The part of the service commands that is loaded when one of them runs, or where a service is installed. */
export { checkService } from './doctor/check-service.js';
export { awaitService } from './service/await-service.js';
export { chooseManager } from './service/choose-manager.js';
export { serviceWarnings } from './service/drift.js';
export { install, previewInstall, storeToken } from './service/install-service.js';
export { makePlan, plannedFiles } from './service/make-plan.js';
export { findRunning } from './service/make-way.js';
export { shellOnlyVariables } from './service/missing-environment.js';
export { makeServiceReport, renderServiceReport, serviceExitCode } from './service/service-report.js';
export { stayStopped } from './service/stay-stopped.js';
export { previewUninstall, uninstall } from './service/uninstall-service.js';
