import type { CaseParameters } from '@fa-metal/conformance';
import { describe, expect, test } from 'vitest';
import { loadLibrary, openDeviceSync } from '../src/index.js';
import { runInto } from './conformance-adapters.js';
import { buildRepeatable, differences, repeatableCalls } from './repeatable-calls.js';

const runs = 20;
const isas = loadLibrary().addon.instructionSets();

describe.each(isas)('%s', (isa) => {
  const devices = [1, 2].map((threads) => openDeviceSync({ backend: 'cpu', isa, threads }));

  // Long enough for several blocks of queries and of keys, and for several splits of the keys where rows are few.
  const lengthsOf = ({ Lq }: CaseParameters) => (Lq === 40 ? { Lq: 230, Lk: 300 } : Lq === 3 ? { Lk: 2100 } : {});
  const calls = repeatableCalls.map(({ parameters, ...call }) => ({
    ...call,
    parameters: { ...parameters, ...lengthsOf(parameters) },
  }));

  test.each(calls)(
    `$name: ${runs} runs on 1 and 2 threads, the same bits`,
    async (call) => {
      const first = await runInto(devices[0]!, buildRepeatable(call).call);
      for (let run = 1; run < runs; run++) {
        const again = await runInto(devices[run % 2]!, buildRepeatable(call).call);
        expect(differences(first, again), `run ${run} on ${1 + (run % 2)} threads`).toEqual([]);
      }
    },
    120_000,
  );
});

test('a difference of one bit is seen', async () => {
  const call = repeatableCalls[0]!;
  const device = openDeviceSync({ backend: 'cpu', threads: 1 });
  const first = await runInto(device, buildRepeatable(call).call);
  const again = await runInto(device, buildRepeatable(call).call);
  new Uint32Array(again.dk!.data.buffer, again.dk!.data.byteOffset)[7]! ^= 1;
  expect(differences(first, again)).toEqual(['dk']);
});
