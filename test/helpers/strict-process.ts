/** Loaded before every test file: a warning of the process (a leaked listener, a deprecated call) fails the run. */
process.on('warning', (warning) => {
  throw warning;
});
