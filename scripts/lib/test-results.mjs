import fs from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

const reportName = /^vitest(\.\w+)?\.json$|\.counts\.json$/;

/** The folders of all workspace packages that have a `test` script. */
export function testedPackages() {
  const parents = ['packages', 'adapters'].flatMap((parent) =>
    fs.readdirSync(path.join(root, parent)).map((name) => `${parent}/${name}`),
  );
  return [...parents, 'kernels', 'native', 'native/softmetal', 'benchmarks', 'scripts'].filter((folder) => {
    const manifest = path.join(root, folder, 'package.json');
    return fs.existsSync(manifest) && Boolean(JSON.parse(fs.readFileSync(manifest, 'utf8')).scripts?.test);
  });
}

export function removeResults(folder) {
  fs.rmSync(path.join(root, folder, 'test-results'), { recursive: true, force: true });
}

/**
 * Adds up a package's reports in test-results: vitest.json or vitest.<run>.json, and of other runners *.counts.json with { passed, failed, skipped,
 * skippedTests? }.
 * A package that left no report, or an unreadable one, counts as one failure. Returns { passed, failed, skipped, problems, skippedTests }.
 */
export function readResults(folder) {
  const total = { passed: 0, failed: 0, skipped: 0, problems: [], skippedTests: [] };
  const results = path.join(root, folder, 'test-results');
  const reports = fs.existsSync(results) ? fs.readdirSync(results).filter((name) => reportName.test(name)) : [];
  if (reports.length === 0) return { ...total, failed: 1, problems: [`${folder}: its tests left no report`] };
  for (const name of reports) addReport(total, folder, JSON.parse(fs.readFileSync(path.join(results, name), 'utf8')));
  return total;
}

function addReport(total, folder, report) {
  const counts = 'numTotalTests' in report ? fromVitest(report) : report;
  if (![counts.passed, counts.failed, counts.skipped].every(Number.isInteger)) {
    total.failed += 1;
    total.problems.push(`${folder}: a report without counts`);
    return;
  }
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  total.problems.push(...(counts.problems ?? []).map((problem) => `${folder}: ${problem}`));
  total.skippedTests.push(...(counts.skippedTests ?? []).map((test) => `${folder}: ${test}`));
}

/** A file that fails before its first test has no failed test in the report, but is a failure. */
function fromVitest(report) {
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const named = (status) => tests.filter((test) => status.includes(test.status)).map((test) => test.fullName);
  const brokenFiles = report.testResults
    .filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'))
    .map((file) => path.relative(root, file.name));
  const skippedTests = named(['pending', 'skipped', 'todo', 'disabled']);
  return {
    passed: named(['passed']).length,
    failed: named(['failed']).length + brokenFiles.length,
    skipped: skippedTests.length,
    problems: [...named(['failed']), ...brokenFiles],
    skippedTests,
  };
}
