// `npm run lint`: formatter, linter, clang-format and the arrow rule, without changing a file.
import { runChecks } from './lib/checks.mjs';
import { main } from './lib/steps.mjs';
import { lintChecks } from './lint/checks.mjs';
import { setupTools } from './setup.mjs';

await main(async () => {
  await setupTools();
  const { failed } = await runChecks(lintChecks);
  if (failed > 0) process.exitCode = 1;
});
