import { type CaseParameters, caseOf, formatId, illegalCalls, runCase } from '@fa-metal/conformance';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { publicAdapter } from './conformance-adapters.js';

const adapter = publicAdapter('core', 'sync');
const runs = 200;
const seed = 20261121;

const broadcast = fc.constantFrom('111', '11Q', '1H1', '1HQ', 'B11', 'B1Q', 'BH1', 'BHQ');
const diagonal = fc.oneof(fc.constantFrom('topLeft', 'bottomRight'), fc.integer({ min: -60, max: 60 }));
const side = fc.integer({ min: -1, max: 70 });
const heads = fc.constantFrom([1, 1], [2, 1], [4, 2], [3, 3], [6, 2], [5, 1]);

/** Any legal call that the cpu backend has; fast-check shrinks it towards the plainest. */
const legal: fc.Arbitrary<CaseParameters> = fc
  .record(
    {
      B: fc.integer({ min: 1, max: 3 }),
      heads,
      Lq: fc.integer({ min: 1, max: 60 }),
      Lk: fc.integer({ min: 0, max: 140 }),
      D: fc.integer({ min: 1, max: 70 }),
      Dv: fc.integer({ min: 1, max: 70 }),
      dtype: fc.constantFrom('float32', 'float16', 'bfloat16'),
      layout: fc.constantFrom('bhld', 'blhd'),
      view: fc.constantFrom('packed', 'capacity', 'gaps', 'offset'),
      causal: diagonal,
      left: side,
      right: side,
      scale: fc.constantFrom(0, 0.125, 1, -0.5),
      mask: broadcast,
      maskKind: fc.constantFrom('random', 'deadRows', 'drop', 'padding'),
      bias: broadcast,
      biasKind: fc.constantFrom('normal', 'negInf', 'deadRows'),
      dLse: fc.boolean(),
    },
    { requiredKeys: ['Lq', 'Lk', 'D'] },
  )
  .map(({ heads: [Hq, Hkv] = [1, 1], mask, maskKind, bias, biasKind, Lk, ...rest }) => ({
    ...rest,
    Lk,
    Hq,
    Hkv,
    // Padding draws a length of at least one key.
    ...(mask !== undefined && { mask, maskKind: Lk === 0 ? 'drop' : (maskKind ?? 'random') }),
    ...(bias !== undefined && { bias, biasKind: biasKind ?? 'normal', biasGradient: false }),
  })) as fc.Arbitrary<CaseParameters>;

const outcome = (parameters: CaseParameters) => runCase(adapter, caseOf(formatId('random', parameters)));

test('any legal call is right', async () => {
  const property = fc.asyncProperty(legal, async (parameters) => {
    expect(await outcome(parameters)).toMatchObject({ status: 'pass' });
  });
  await fc.assert(property, { numRuns: runs, seed });
}, 300_000);

/** Those that need nothing but what a random call has. */
const anywhere = Object.entries(illegalCalls)
  .filter(([, { group, parameters = {} }]) => group !== 'output' && Object.keys(parameters).length === 0)
  .map(([name]) => name);

test('any illegal call is refused with its code, and nothing is written', async () => {
  const property = fc.asyncProperty(legal, fc.constantFrom(...anywhere), async (parameters, refuse) => {
    const { mask: _mask, bias: _bias, dLse: _dLse, ...given } = parameters;
    // Sizes from which one can be taken, and which cannot be mistaken for one another.
    const sizes = { B: 2, Hq: 4, Hkv: 2, Lq: (given.Lq ?? 1) + 1, Lk: (given.Lk ?? 1) + 2, D: (given.D ?? 1) + 1 };
    expect(await outcome({ ...given, ...sizes, view: 'packed', refuse })).toMatchObject({ status: 'pass' });
  });
  await fc.assert(property, { numRuns: runs, seed });
}, 300_000);
