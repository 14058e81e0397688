import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CaseResult } from '../run/run-case.js';
import type { Subset } from '../select.js';

/** What one run of one adapter found. */
export interface AdapterReport {
  adapter: string;
  subset: Subset;
  filter: string;
  seconds: number;
  cases: CaseResult[];
}

const fileName = (adapter: string): string => `conformance-${adapter.replace(/[^\w.-]+/g, '-')}.json`;

/** Writes `conformance-<adapter>.json`. */
export function writeReport(folder: string, report: AdapterReport): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, fileName(report.adapter)), `${JSON.stringify(report, undefined, 1)}\n`);
}

/** Reads report files, and every `conformance-*.json` of folders; a folder that does not exist has none. */
export function readReports(paths: readonly string[]): AdapterReport[] {
  const files = paths.flatMap((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    if (!stats.isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => /^conformance-.*\.json$/.test(name))
      .sort()
      .map((name) => join(path, name));
  });
  return files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as AdapterReport);
}
