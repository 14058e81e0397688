import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendHistory, compareWithHistory, historyLine, machineName, readHistory } from '../report/history.js';
import { aRun, machine } from './a-run.js';

const later = { date: '2026-01-03T00:00:00.000Z' };
const name = 'lengths: B1 H8 L1024 D64 causal, forward, 2T';

describe('historyLine', () => {
  const { figures } = historyLine(aRun());

  it('keeps ours, not the peers', () => {
    expect(figures[name]).toEqual([0.891, 0.9, 0.909]);
    expect(Object.keys(figures).filter((figure) => /PyTorch|tfjs-node/.test(figure))).toEqual([]);
  });

  it('has a figure for every entry of ours, of its own name', () => {
    const ours = aRun().measurements.flatMap(({ entries }) => entries.filter(({ who }) => who.startsWith('fa-metal')));
    expect(Object.keys(figures)).toHaveLength(ours.length);
  });

  it('takes the share of the read rate for decoding', () => {
    expect(figures['decode: B1 H32:8 L1x4096 D128, forward, 1T']?.[1]).toBeCloseTo(0.81, 6);
  });
});

describe('compareWithHistory', () => {
  const before = historyLine(aRun());

  it('tells a change from none', () => {
    const slower = compareWithHistory(historyLine(aRun({ ...later, shareOfOurs: 0.72 })), [before]);
    expect(slower?.changes.every(({ clear }) => clear)).toBe(true);
    expect(slower?.changes[0]?.change).toBeCloseTo(-0.2, 1);
    const same = compareWithHistory(historyLine(aRun({ ...later, shareOfOurs: 0.88 })), [before]);
    expect(same?.changes.some(({ clear }) => clear)).toBe(false);
  });

  it('does not call a change clear whose quartiles overlap', () => {
    const now = { ...before, ...later, figures: { [name]: [0.5, 1.2, 1.3] } as never };
    expect(compareWithHistory(now, [before])?.changes).toMatchObject([
      { change: expect.closeTo(0.333, 2), clear: false },
    ]);
  });

  it('takes the last run that was measured alike, and the largest change first', () => {
    const now = historyLine(aRun(later));
    const quick = { ...before, quick: true };
    const otherProduct = { ...before, product: 'another' };
    const otherFigures = { ...before, figures: { unknown: [1, 1, 1] as const } };
    expect(compareWithHistory(now, [before, quick, otherProduct, otherFigures, now])?.before).toBe(before);
    expect(compareWithHistory(now, [quick, otherProduct])).toBeUndefined();
    const mixed = { ...now, figures: { ...before.figures, [name]: [0.4, 0.4, 0.4] as const } };
    expect(compareWithHistory(mixed, [before])?.changes[0]?.figure).toBe(name);
  });
});

describe('the files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'fa-metal-history-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('keep one line a run, a file a machine', () => {
    const lines = [historyLine(aRun()), historyLine(aRun(later))];
    for (const line of lines) appendHistory(folder, machine, line);
    expect(readHistory(folder, machine)).toEqual(lines);
    expect(readHistory(folder, { ...machine, cores: 4 })).toEqual([]);
    expect(readdirSync(folder)).toEqual([`${machineName(machine)}.jsonl`]);
  });

  it('are named after the machine', () => {
    expect(machineName(machine)).toBe('example-cpu-fast-2-cores-avx512');
    expect(machineName({ ...machine, backend: 'metal', device: 'Apple M3', software: true })).toBe(
      'example-cpu-fast-2-cores-apple-m3-software',
    );
  });
});
