import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Family } from './builder.js';
import { families as allFamilies } from './families/index.js';
import { checkFeatureName } from './features.js';
import { type AdapterReport, writeReport } from './report/report.js';
import { type CaseResult, runCase } from './run/run-case.js';
import { type Selection, select } from './select.js';
import type { Adapter } from './types.js';

export interface SuiteOptions extends Selection {
  /** `test` of vitest, Jest, Mocha or node:test. */
  test: (name: string, run: () => Promise<void>, timeoutMilliseconds: number) => unknown;
  /** One implementation, or several that take turns at every case, which saves most of the oracle's work. */
  adapter: Adapter | readonly Adapter[];
  /** Folder for conformance-<adapter>.json; default none is written. */
  results?: string;
  /** Default: every family of this package. */
  families?: readonly Family[];
}

const familyTimeout = 10 * 60 * 1000;
const listedFailures = 20;

/** Declares one test for each family of cases, and a last one for the manifests and the report. */
export function suite({ test, adapter, results, families = allFamilies, ...selection }: SuiteOptions): void {
  const adapters = Array.isArray(adapter) ? (adapter as readonly Adapter[]) : [adapter as Adapter];
  const chosen = select(families, selection);
  // A filter that fits nothing would pass.
  if (chosen.length === 0) throw new Error(`[conformance] filter: expected a part of an id, got ${selection.filter}`);
  const reports = adapters.map((one) => emptyReport(one.name, selection));
  const title = adapters.map(({ name }) => name).join(', ');
  for (const family of chosen) {
    const run = async (): Promise<void> => {
      const failures: string[] = [];
      await forEachCase(family, adapters, reports, (one, { id, status, message }) => {
        if (status === 'fail') failures.push(`${one.name} ${id}\n    ${message}`);
      });
      if (failures.length > 0) throw new Error(failureText(family, failures));
    };
    test(`${family.name}: ${family.cases.length} cases on ${title}`, run, familyTimeout);
  }
  const finish = async (): Promise<void> => {
    for (const { manifest } of adapters) checkManifest(manifest);
    const done = chosen.every(({ name }) => reports.every(({ cases }) => cases.some(({ family }) => family === name)));
    if (done && results !== undefined) for (const report of reports) writeReport(results, report);
  };
  test(`manifest and report of ${title}`, finish, familyTimeout);
}

export function emptyReport(adapter: string, { subset = 'full', filter = '' }: Selection): AdapterReport {
  return { adapter, subset, filter, seconds: 0, cases: [] };
}

/** Runs a family; adapters take turns at each case. */
export async function forEachCase(
  family: Family,
  adapters: readonly Adapter[],
  reports: readonly AdapterReport[],
  seen: (adapter: Adapter, result: CaseResult) => void,
): Promise<void> {
  for (const one of family.cases) {
    for (const [index, adapter] of adapters.entries()) {
      const start = performance.now();
      const result = await runCase(adapter, one);
      const report = reports[index]!;
      report.cases.push(result);
      report.seconds += (performance.now() - start) / 1000;
      seen(adapter, result);
    }
    // Lets the test runner's own messages through: a whole family without a pause looks hung to it.
    await nextTurn();
  }
}

function failureText(family: Family, failures: readonly string[]): string {
  const listed = failures.slice(0, listedFailures).map((failure) => `  ${failure}`);
  const rest = failures.length > listedFailures ? [`  ... and ${failures.length - listedFailures} more`] : [];
  return [`${failures.length} of family ${family.name} failed. ${family.plan.what}`, ...listed, ...rest].join('\n');
}

/** @throws Error for feature names that do not exist, or that are declared twice */
export function checkManifest({ notSupported, skipped = {} }: Adapter['manifest']): void {
  for (const name of [...Object.keys(notSupported), ...Object.keys(skipped)]) checkFeatureName(name);
  const twice = Object.keys(notSupported).find((name) => name in skipped);
  if (twice !== undefined) throw new Error(`[conformance] manifest: ${twice} is both not supported and skipped`);
}
