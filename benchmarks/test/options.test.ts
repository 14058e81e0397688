import { describe, expect, it } from 'vitest';
import { chooseTrials } from '../attention/choose.js';
import { flagsToKeep, readOptions } from '../attention/options.js';
import { machine } from './a-run.js';

const chosen = (...argv: string[]) => chooseTrials(readOptions(argv), machine);

describe('flags of the benchmark', () => {
  it('mean all suites, one thread and all of them; in a hurry only the latter', () => {
    const { suites, threads } = readOptions([]);
    expect(suites).toContain('memory');
    expect(threads[0]).toBe(1);
    expect(readOptions(['--quick']).threads).toHaveLength(1);
    expect(readOptions(['--threads', '1,3']).threads).toEqual([1, 3]);
  });

  it('choose by suite and name', () => {
    const trials = chosen('--suites', 'lengths,decode', '--filter', 'L1024 D64 causal, forward+backward');
    expect(trials.map(({ suite, name, direction }) => [suite, name, direction])).toEqual([
      ['lengths', 'B1 H8 L1024 D64 causal', 'forward+backward'],
    ]);
  });

  it('leave peers out, but not the trial', () => {
    const [trial] = chosen('--suites', 'lengths', '--no-peers');
    expect(trial?.entrants.map(({ who }) => who)).toEqual(['fa-metal']);
  });

  it('choose what the goals need, which is less', () => {
    const [all, needed] = [chosen(), chosen('--goals')];
    expect(needed.length).toBeGreaterThan(30);
    expect(needed.length).toBeLessThan(all.length);
  });

  it('are kept without places of the machine', () => {
    const argv = ['--quick', '--python', '/somewhere/python', '--threads', '1', '--output=/else'];
    expect(flagsToKeep(argv)).toEqual(['--quick', '--threads', '1']);
  });
});

describe('on a machine with a GPU', () => {
  it('ours takes part there too, wherever peers do', () => {
    const mac = { ...machine, backend: 'metal' };
    const options = readOptions(['--suites', 'lengths']);
    expect(chooseTrials(options, mac)[0]?.entrants.map(({ who }) => who)).toEqual([
      'fa-metal',
      'fa-metal metal',
      'peers',
    ]);
    expect(chooseTrials(options, { ...mac, software: true })[0]?.entrants.map(({ who }) => who)).toEqual([
      'fa-metal',
      'peers',
    ]);
  });
});
