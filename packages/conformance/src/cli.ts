#!/usr/bin/env node
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { families } from './families/index.js';
import { caseOf } from './find-case.js';
import { type AdapterReport, readReports } from './report/report.js';
import { failureList, familyTable, statusTable } from './report/table.js';
import { type Subset, select } from './select.js';
import { checkManifest, emptyReport, forEachCase } from './suite.js';
import type { Adapter } from './types.js';

interface RunOptions {
  adapter?: string;
  filter?: string;
  subset: Subset;
  replay?: string;
  json?: boolean;
  list?: boolean;
}

const program = new Command('fa-metal-conformance')
  .description('Runs the conformance cases of fa-metal attention on an adapter.')
  .option('-a, --adapter <module>', 'module whose default export is an adapter, or a function that gives one')
  .option('-f, --filter <id>', 'only cases whose id contains this')
  .option('-s, --subset <name>', 'smoke or full', readSubset, 'full')
  .option('-r, --replay <id>', 'run this one case, listed or not')
  .option('-l, --list', 'print the families, their plans and the number of cases')
  .option('--json', 'print JSON in place of tables')
  .action(run);

program
  .command('table')
  .description('Merges report files into one table.')
  .argument('<paths...>', 'files, or folders that hold conformance-*.json')
  .action((paths: string[]) => {
    const reports = readReports(paths);
    if (reports.length === 0) program.error('No conformance-*.json found; run the suite first.');
    print(reports);
  });

program
  .parseAsync()
  .catch((error: unknown) => program.error(error instanceof Error ? (error.stack ?? error.message) : String(error)));

function readSubset(value: string): Subset {
  if (value === 'smoke' || value === 'full') return value;
  return program.error(`--subset: expected smoke or full, got ${value}`);
}

async function run(options: RunOptions): Promise<void> {
  const chosen = options.replay === undefined ? select(families, options) : [replayed(options.replay)];
  if (options.list) return list(chosen);
  if (options.adapter === undefined) return program.error('--adapter: expected the path of a module');
  if (chosen.length === 0) return program.error(`--filter: no case contains ${options.filter}`);
  const adapter = await loadAdapter(options.adapter);
  checkManifest(adapter.manifest);
  const report = emptyReport(adapter.name, options);
  for (const family of chosen) await forEachCase(family, [adapter], [report], () => undefined);
  if (options.json) console.log(JSON.stringify(report, undefined, 1));
  else print([report]);
  if (report.cases.some(({ status }) => status === 'fail')) process.exitCode = 1;
}

function replayed(id: string): (typeof families)[number] {
  const one = caseOf(id);
  return { name: one.family, plan: { what: 'One case.', boundaries: '', control: '' }, cases: [one] };
}

async function loadAdapter(path: string): Promise<Adapter> {
  const module = (await import(pathToFileURL(path).href)) as { default?: Adapter | (() => Adapter | Promise<Adapter>) };
  const adapter = typeof module.default === 'function' ? await module.default() : module.default;
  if (typeof adapter?.run !== 'function')
    return program.error(`--adapter: expected ${path} to export an adapter as default`);
  return adapter;
}

function list(chosen: typeof families): void {
  for (const { name, plan, cases } of chosen) {
    console.log(
      `${name} (${cases.length} cases)\n  ${plan.what}\n  Boundaries: ${plan.boundaries}\n  Control: ${plan.control}`,
    );
  }
}

function print(reports: readonly AdapterReport[]): void {
  console.log(familyTable(reports));
  console.log(statusTable(reports));
  const failures = failureList(reports);
  if (failures !== '') console.log(`Failed; replay with --replay '<id>':\n${failures}`);
}
