import { type Adapter, illegalCalls } from '@fa-metal/conformance';
import fc from 'fast-check';
import { test } from 'vitest';
import { loadLibrary } from '../src/index.js';
import { memoryAdapter, memoryAdapters, publicAdapter } from './conformance-adapters.js';
import { expectAllToBeRefused, expectAllToPass } from './properties.js';
import { callParts, kernelParts, problemOf } from './random-problems.js';

const problems = fc
  .tuple(kernelParts, callParts({ queries: 40, keys: 90, batch: 3 }))
  .map(([kernel, call]) => problemOf(kernel, call));

const isas = loadLibrary().addon.instructionSets();

test(`any legal problem is right on ${isas.join(', ')}`, async () => {
  await expectAllToPass({ name: 'legal, cpu', adapters: isas.flatMap(memoryAdapters), problems, runs: 2_500 });
}, 1_200_000);

test('any legal problem is right through the public interface', async () => {
  const adapters = (['sync', 'async', 'from-lse'] as const).map((mode) => publicAdapter(mode, mode));
  await expectAllToPass({ name: 'legal, public', adapters, problems, runs: 300 });
}, 600_000);

/** Its results have the shape that this one case has. */
const ofOneShape = new Set(['outIsV']);
const rows = Object.keys(illegalCalls).filter((row) => !ofOneShape.has(row));
const dense = fc
  .tuple(kernelParts, callParts({ queries: 20, keys: 30, batch: 2 }))
  .map(([kernel, call]) => problemOf({ ...kernel, storage: 'dense' }, call));

test('any illegal problem is refused with code and argument, and nothing is written', async () => {
  const [sync, memory] = [publicAdapter('sync', 'sync'), isas.map((isa) => memoryAdapter(isa))];
  let turn = 0;
  const adapterOf = (row: string): Adapter => {
    const { group } = illegalCalls[row]!;
    turn++;
    // Kinds of JavaScript values are seen by the TypeScript side alone, memory of results by the native one.
    if (group === 'kind' || (group !== 'output' && turn % 4 === 0)) return sync;
    return memory[turn % memory.length]!;
  };
  const problems = fc.tuple(dense, fc.constantFrom(...rows));
  await expectAllToBeRefused('illegal, cpu', problems, adapterOf, 3_200);
}, 600_000);
