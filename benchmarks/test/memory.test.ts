import { describe, expect, it } from 'vitest';
import { measurePeak, whyNoPeaks } from '../memory/peak.js';
import { memoryTrials } from '../memory/rows.js';
import { selfAttention } from '../suites/problems.js';

const settings = { threads: 1, pythons: {} };

describe('memoryTrials', () => {
  it.each([false, true])('measures ours further than what stores scores, quick %s', (quick) => {
    const longest = (name: string) =>
      Math.max(...memoryTrials(quick).flatMap(({ who, problem }) => (who === name ? [problem.keys] : [])));
    expect(longest('tfjs-node')).toBe(4096);
    expect(longest('fa-metal')).toBe(quick ? 4096 : 16384);
  });
});

describe.skipIf(whyNoPeaks)(`measurePeak${whyNoPeaks ? ` (${whyNoPeaks})` : ''}`, () => {
  const problem = selfAttention(2048, { causal: true });
  const tensorBytes = 4 * problem.heads * problem.queries * problem.headDim;
  const scoreBytes = 4 * problem.heads * problem.queries * problem.keys;

  it('sees the results of a call, and no scores', { timeout: 120_000 }, async () => {
    const row = await measurePeak({ who: 'fa-metal', direction: 'forward+backward', problem }, settings);
    expect(row).toMatchObject({ name: 'fa-metal', length: 2048, causal: true });
    // out, dq, dk and dv are there at the end.
    expect(row.extraBytes).toBeGreaterThan(4 * tensorBytes);
    expect(row.extraBytes).toBeLessThan(scoreBytes / 2);
  });

  it('says why a contestant has no such call', async () => {
    const trial = { who: 'ORT Attention', direction: 'forward+backward', problem } as const;
    await expect(measurePeak(trial, settings)).rejects.toThrow(/backward/);
  });
});
