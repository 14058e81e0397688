import { describe, expect, it } from 'vitest';
import { figuresOf } from '../attention/figures.js';
import { race } from '../attention/race.js';
import { operations } from '../attention/work.js';
import { selfAttention } from '../suites/problems.js';

const log: string[] = [];
const runner = (name: string, seconds: () => number) => ({
  time: async () => {
    log.push(name);
    return seconds();
  },
});

describe('race', () => {
  it('lets contestants take turns, with the yardstick between them', async () => {
    log.length = 0;
    const stick = runner('|', () => 1);
    const racers = ['a', 'b'].map((name) => ({ ...runner(name, () => 2), yardsticks: [stick] }));
    const turns = await race(racers, { rounds: 2, seconds: 0 });
    expect(log.join('')).toBe('ab|a|b||a|b|');
    expect(turns).toEqual([
      [
        { seconds: 2, yardsticks: [1] },
        { seconds: 2, yardsticks: [1] },
      ],
      [
        { seconds: 2, yardsticks: [1] },
        { seconds: 2, yardsticks: [1] },
      ],
    ]);
  });

  it('takes the faster of the yardstick before and after', async () => {
    const times = [3, 1, 2];
    const stick = runner('|', () => times.shift() ?? 5);
    const [turns] = await race([{ ...runner('a', () => 1), yardsticks: [stick] }], { rounds: 2, seconds: 0 });
    expect(turns?.map(({ yardsticks }) => yardsticks)).toEqual([[1], [2]]);
  });

  it('gives a short call new memory before each further turn, a long one not', async () => {
    let renewed = 0;
    const renew = async () => void renewed++;
    const racer = (seconds: number) => ({ ...runner('', () => seconds), yardsticks: [], renew });
    await race([racer(0.01)], { rounds: 4, seconds: 0 });
    expect(renewed).toBe(3);
    await race([racer(1)], { rounds: 3, seconds: 0 });
    expect(renewed).toBe(3);
  });

  it('does not wait for a slow one longer than three rounds', async () => {
    const racers = [1, 3].map((seconds) => ({ ...runner('', () => seconds), yardsticks: [] }));
    const turns = await race(racers, { rounds: 4, seconds: 0 });
    expect(turns.map(({ length }) => length)).toEqual([4, 3]);
  });
});

describe('figuresOf', () => {
  const problem = selfAttention(64, { headDim: 16, heads: 2 });
  const work = operations(problem, 'forward');
  const entry = (name: string, seconds: number[], yardstick = 1) => ({
    name,
    who: name,
    problem,
    turns: seconds.map((time) => ({ seconds: time, yardsticks: [yardstick] })),
    yardstickWork: [2 * work],
  });

  it('takes ratios inside a round, so that a machine that slows down changes none', () => {
    const [, other] = figuresOf('forward', [entry('a', [1, 2, 4]), entry('b', [3, 6, 12])]);
    expect(other?.ratio).toEqual({ min: 3, lower: 3, median: 3, upper: 3, rounds: 3 });
    expect(other?.steady.ratio).toBe(true);
  });

  it('tells the share of the rate of the yardstick beside it', () => {
    // The yardstick does twice the work in half the time of the call.
    const [only] = figuresOf('forward', [entry('a', [1, 1, 1], 0.5)]);
    expect(only?.share?.median).toBeCloseTo(0.25);
    expect(only?.operations).toBe(work);
  });

  it('is bold in nothing where the yardstick itself was not steady', () => {
    const turns = [1, 1.3, 1.6].map((stick) => ({ seconds: stick, yardsticks: [stick] }));
    const [only] = figuresOf('forward', [{ ...entry('a', []), turns }]);
    expect(only?.share?.median).toBeCloseTo(0.5);
    expect(only?.steady).toEqual({ share: false, ratio: false });
  });

  it('compares rounds that both took part in', () => {
    const [, slow] = figuresOf('forward', [entry('a', [1, 1, 1, 9]), entry('b', [4, 4, 4])]);
    expect(slow?.ratio).toMatchObject({ median: 4, rounds: 3 });
  });
});
