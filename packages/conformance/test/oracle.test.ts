import { describe, expect, it } from 'vitest';
import { buildCall } from '../src/data/call.js';
import { caseOf } from '../src/index.js';
import { ask } from '../src/run/ask.js';
import { createAnswer, poolErrors } from '../src/run/oracle.js';
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
    const [first, second] = [subject.redraw!(1), subject.redraw!(2)];
    expect(first.built.call.q.shape).toEqual(subject.build().call.q.shape);
    expect(first.built.question.problem.q.data).not.toEqual(subject.build().question.problem.q.data);
    expect(first.built.question.problem.q.data).not.toEqual(second.built.question.problem.q.data);
  });

  it('are the same every time', () => {
    expect(subject.redraw!(1).built.question.problem.q.data).toEqual(subject.redraw!(1).built.question.problem.q.data);
  });
});
