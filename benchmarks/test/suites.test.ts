import { openDeviceSync } from '@fa-metal/core';
import { afterAll, describe, expect, it } from 'vitest';
import { makeCall } from '../attention/call.js';
import type { Problem } from '../report/schema.js';
import { suites } from '../suites/index.js';
import { nameOf } from '../suites/problems.js';

const device = openDeviceSync({ backend: 'cpu', threads: 1 });
afterAll(() => device.close());

/** A problem of the same kind that takes no time: the planner sees the same options. */
function small(problem: Problem): Problem {
  const shrink = (length: number) => Math.min(length, 24);
  const { lengths, ...options } = problem.options ?? {};
  if (!lengths) return { ...problem, queries: shrink(problem.queries), keys: shrink(problem.keys) };
  const short = lengths.map(shrink);
  const total = short.reduce((sum, length) => sum + length, 0);
  return { ...problem, queries: total, keys: total, options: { ...options, lengths: short } };
}

describe.each(Object.entries(suites))('%s', (suite, trialsOf) => {
  const trials = [...trialsOf(false), ...trialsOf(true)];

  it('names each trial once', () => {
    for (const quick of [false, true]) {
      const names = trialsOf(quick).map(({ name, direction }) => `${name} ${direction}`);
      expect(new Set(names).size).toBe(names.length);
    }
    expect(trials.every((trial) => trial.suite === suite)).toBe(true);
  });

  it('tells ours apart where it enters more than once', () => {
    for (const { entrants } of trials) {
      const labels = entrants.map(({ who, label }) => label ?? who);
      expect(new Set(labels).size).toBe(labels.length);
      expect(entrants[0]?.who).toMatch(/^fa-metal/);
    }
  });

  it('asks for nothing that the op refuses', () => {
    const problems = trials.flatMap(({ entrants, direction }) =>
      entrants.flatMap(({ problem, parts }) => [problem, ...(parts ?? [])].map((each) => ({ each, direction }))),
    );
    for (const { each, direction } of problems) {
      const { q, k, v, dOut, options, needs } = makeCall(small(each));
      const result = device.attentionSync(q, k, v, options);
      if (direction !== 'forward') device.attentionBackwardSync({ q, k, v, dOut, needs, ...result }, options);
      expect((result.lse.data as Float32Array).every(Number.isFinite)).toBe(true);
    }
  });
});

it('says what a problem is', () => {
  const problem: Problem = {
    batch: 1,
    heads: 8,
    kvHeads: 2,
    queries: 16,
    keys: 1024,
    headDim: 64,
    causal: true,
    dtype: 'float16',
  };
  expect(nameOf(problem)).toBe('B1 H8:2 L16x1024 D64 causal float16');
  expect(nameOf({ ...problem, kvHeads: 8, queries: 1, dtype: 'float32' })).toBe('B1 H8 L1x1024 D64');
});
