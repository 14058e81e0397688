// `npm run typecheck`: every package and its tests, by project references.
import { runChecks } from './lib/checks.mjs';
import { main } from './lib/steps.mjs';
import { typeChecks } from './lint/checks.mjs';
import { setupTools } from './setup.mjs';

await main(async () => {
  await setupTools();
  const { failed } = await runChecks(typeChecks);
  if (failed > 0) process.exitCode = 1;
});
