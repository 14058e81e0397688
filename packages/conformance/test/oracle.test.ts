import { describe, expect, it } from 'vitest';
import { buildCall } from '../src/data/call.js';
import { caseOf } from '../src/index.js';
import { ask } from '../src/run/ask.js';
import { createAnswer, poolErrors } from '../src/run/oracle.js';
import { redrawGold } from '../src/run/redraw-gold.js';
import { subjectOf } from '../src/run/subject.js';

const id = 'plain:Lq=3,Lk=5';
const { parameters } = caseOf(id);

describe('answers', () => {
  it('say how far a plain implementation is off', () => {
    const built = buildCall(id, parameters);
    const { naiveErrors } = createAnswer(built, ask(built.question));
    expect(naiveErrors.out).toBeGreaterThan(0);
    expect(naiveErrors.out).toBeLessThan(1e-5);
  });

  it('share the largest error when they are pooled', () => {
    const answers = [1e-7, 3e-7, 2e-7].map((error) => ({ truth: {}, naiveErrors: { out: error, dq: 1 - error } }));
    poolErrors(answers);
    for (const { naiveErrors } of answers) expect(naiveErrors).toEqual({ out: 3e-7, dq: 1 - 1e-7 });
  });
});

describe('further draws', () => {
  const subject = subjectOf({ id }, parameters);

  it('have other data of the same shape', () => {
    const [first, second] = [subject.redraw(1), subject.redraw(2)];
    expect(first.built.call.q.shape).toEqual(subject.build().call.q.shape);
    expect(first.built.question.problem.q.data).not.toEqual(subject.build().question.problem.q.data);
    expect(first.built.question.problem.q.data).not.toEqual(second.built.question.problem.q.data);
  });

  it('are the same every time', () => {
    expect(subject.redraw(1).built.question.problem.q.data).toEqual(subject.redraw(1).built.question.problem.q.data);
  });
});

describe('redrawn gold vectors', () => {
  // A draw that stated another result would fail every implementation, or widen its bound.
  it('state what the oracle says of them', () => {
    const built = buildCall('gradients', { ...parameters, Lq: 3, Lk: 5, D: 6, Dv: 4, gradients: true });
    const { problem, dOut } = built.question;
    const vector = {
      name: 'x',
      dtype: 'float32' as const,
      problem,
      outputGradients: { dOut: dOut! },
      expected: ask(built.question) as Record<string, { data: Float64Array; shape: readonly number[] }>,
    };
    const drawn = redrawGold(vector, 1);
    expect(drawn.problem.q.data).not.toEqual(problem.q.data);
    const truth = ask({ problem: drawn.problem, dOut: drawn.outputGradients!.dOut as typeof dOut & object });
    for (const [name, { data }] of Object.entries(truth)) {
      data.forEach((value, index) => {
        expect(value).toBeCloseTo(drawn.expected[name]!.data[index]!, 12);
      });
    }
  });
});
