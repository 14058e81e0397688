// `npm test`: sets up, then checks and tests everything. The last line is `N passed, N failed, N skipped`.
import path from 'node:path';
import { runChecks } from './lib/checks.mjs';
import { root } from './lib/paths.mjs';
import { main } from './lib/steps.mjs';
import { readResults, removeResults, testedPackages } from './lib/test-results.mjs';
import { turbo } from './lib/turbo.mjs';
import { generatedChecks, lintChecks, typeChecks } from './lint/checks.mjs';
import { setup } from './setup.mjs';

await main(async () => {
  await setup();
  const checks = await runChecks({ ...lintChecks, ...generatedChecks, ...typeChecks });
  const packages = testedPackages();
  packages.forEach(removeResults);
  let ranCleanly = true;
  try {
    await turbo(['run', 'test', '--continue', '--concurrency=2', '--output-logs=new-only'], { show: true });
  } catch {
    ranCleanly = false;
  }
  await printConformance(packages);
  report([{ ...checks, problems: [], skippedTests: [] }, ...packages.map(readResults)], ranCleanly);
});

/** What the conformance suite found in each adapter. */
async function printConformance(packages) {
  const { readReports, statusTable } = await import('@fa-metal/conformance');
  const reports = readReports(packages.map((folder) => path.join(root, folder, 'test-results')));
  if (reports.length > 0) console.log(statusTable(reports));
}

function report(results, ranCleanly) {
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  for (const test of results.flatMap((result) => result.skippedTests)) console.log(`skipped  ${test}`);
  for (const problem of results.flatMap((result) => result.problems)) console.log(`FAILED   ${problem}`);
  let failed = sum('failed');
  if (!ranCleanly && failed === 0) {
    console.log('FAILED   turbo reported a failure that no test report shows; see above');
    failed = 1;
  }
  if (failed > 0) process.exitCode = 1;
  console.log(`${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`);
}
