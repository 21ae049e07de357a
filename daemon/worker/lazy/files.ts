/** Entry of the bundle that works with attached files, a `FilesModule`. The first file loads it. */
export { judgeFile } from '../files/classify-file.js';
export { attach, copyFiles, insertFiles, readFile, removeUnsent } from '../files/file-rows.js';
export { readForModel } from '../files/for-model.js';
