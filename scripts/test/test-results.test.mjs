import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { checkoutCache, root } from '../lib/paths.mjs';
import { readResults } from '../lib/test-results.mjs';

const absolute = path.join(checkoutCache, `test-results-${process.pid}`);
const folder = path.relative(root, absolute);
afterEach(() => fs.rmSync(absolute, { recursive: true, force: true }));

function report(name, content) {
  fs.mkdirSync(path.join(absolute, 'test-results'), { recursive: true });
  fs.writeFileSync(path.join(absolute, 'test-results', name), JSON.stringify(content));
}

const file = (status, ...tests) => ({
  name: path.join(root, 'a.test.ts'),
  status,
  assertionResults: tests.map((test, index) => ({ status: test, fullName: `test ${index}` })),
});

test('reports of several runners are added up', () => {
  report('vitest.json', { numTotalTests: 3, testResults: [file('passed', 'passed', 'skipped', 'passed')] });
  report('python.counts.json', { passed: 4, failed: 1, skipped: 0 });
  expect(readResults(folder)).toMatchObject({ passed: 6, failed: 1, skipped: 1, skippedTests: [`${folder}: test 1`] });
});

test('a file that fails before its first test is a failure', () => {
  report('vitest.json', { numTotalTests: 0, testResults: [file('failed')] });
  expect(readResults(folder)).toMatchObject({ passed: 0, failed: 1, problems: [`${folder}: a.test.ts`] });
});

test('other files are not reports', () => {
  report('vitest.json', { numTotalTests: 1, testResults: [file('passed', 'passed')] });
  report('conformance-core.json', { cases: [] });
  expect(readResults(folder)).toMatchObject({ passed: 1, failed: 0, skipped: 0 });
});

test('a missing report is a failure', () => {
  expect(readResults(folder)).toMatchObject({ passed: 0, failed: 1 });
});

test('a report without counts is a failure', () => {
  report('other.counts.json', { ok: true });
  expect(readResults(folder)).toMatchObject({ failed: 1 });
});
