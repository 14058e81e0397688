import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AdapterReport,
  failureList,
  familyTable,
  readReports,
  statusTable,
  suite,
  writeReport,
} from '../src/index.js';
import { naiveAdapter } from '../test-support/naive-adapter.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fa-metal-report-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const report = (adapter: string, ...statuses: ('pass' | 'fail' | 'not-supported' | 'skipped')[]): AdapterReport => ({
  adapter,
  subset: 'full',
  filter: '',
  seconds: 1.25,
  cases: statuses.map((status, i) => ({
    id: `window:Lq=${i}`,
    family: 'window',
    status,
    ...(status === 'fail' && { message: 'why' }),
  })),
});
const rows = (table: string): string[][] =>
  table
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

describe('tables', () => {
  const reports = [report('one', 'pass', 'pass', 'fail', 'not-supported'), report('two', 'skipped')];

  it('count adapters by status', () => {
    expect(rows(statusTable(reports))).toEqual([
      ['adapter', 'subset', 'pass', 'fail', 'not-supported', 'skipped', 'cases', 'seconds'],
      ['one', 'full', '2', '1', '1', '0', '4', '1.3'],
      ['two', 'full', '0', '0', '0', '1', '1', '1.3'],
    ]);
  });

  it('count families by adapter', () => {
    expect(rows(familyTable(reports))).toEqual([
      ['family', 'one', 'two'],
      ['window', '2 pass, 1 fail, 1 not-supported', '1 skipped'],
    ]);
  });

  it('list what failed', () => {
    expect(failureList(reports)).toBe('one window:Lq=2\n    why');
    expect(failureList([report('one', 'fail', 'fail', 'fail')], 1)).toContain('... and 2 more');
  });
});

describe('report files', () => {
  it('are read back, from folders and by name, and a missing folder has none', () => {
    writeReport(folder, report('a route/1', 'pass'));
    writeReport(folder, report('b', 'fail'));
    expect(readReports([folder, join(folder, 'none')]).map(({ adapter }) => adapter)).toEqual(['a route/1', 'b']);
    expect(readReports([join(folder, 'conformance-b.json')])).toEqual([report('b', 'fail')]);
  });

  it('are written once every family has run, and only then', async () => {
    const tests: (() => Promise<void>)[] = [];
    suite({ test: (_, body) => tests.push(body), adapter: naiveAdapter, filter: 'varlen=0-0', results: folder });
    await tests.at(-1)!();
    expect(readReports([folder])).toEqual([]);
    for (const body of tests) await body();
    expect(readReports([folder])[0]).toMatchObject({
      adapter: 'naive',
      cases: expect.arrayContaining([expect.objectContaining({ status: 'pass' })]),
    });
  });
});
