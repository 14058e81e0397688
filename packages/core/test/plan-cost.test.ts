// What `plan` says of cost, against what the software device counts in the very call, and against the model of kernels/report.
import { buildCall, type Call, type CaseParameters, formatId } from '@fa-metal/conformance';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Counts } from '../../../kernels/report/count.js';
import { optionCosts } from '../../../kernels/report/generated/metal-model.js';
import { predict } from '../../../kernels/report/model.js';
import { readProfile } from '../../../kernels/report/profiles.js';
import type { AttentionOptions, Device, KernelCost } from '../src/index.js';
import { controlSoftwareDevice, type SoftwareDevice, whyNoSoftwareDevice } from '../test-support/software-device.js';
import { runInto } from './conformance-adapters.js';
import { openSoftwareDevice } from './metal-adapters.js';

const reason = await whyNoSoftwareDevice();
const missing = reason && ` (${reason})`;

interface Planned {
  name: string;
  parameters: CaseParameters;
  forward?: string;
  backward?: string;
}

const many = { Hq: 4, Hkv: 2, Lq: 70, Lk: 150, D: 64 } as const;
const few = { B: 2, Hq: 4, Hkv: 2, Lq: 3, Lk: 500, D: 64 } as const;
const calls: readonly Planned[] = [
  { name: 'dense float32', parameters: many, backward: 'metal-backward' },
  { name: 'causal float16', parameters: { ...many, B: 2, dtype: 'float16', D: 128, causal: 'bottomRight' } },
  { name: 'dS kept', parameters: { ...many, dtype: 'float16', causal: 'topLeft' }, backward: 'metal-backward-stored' },
  { name: 'a window', parameters: { ...many, Lq: 300, Lk: 300, left: 40, right: 20 }, backward: 'metal-backward' },
  { name: 'few rows', parameters: few },
  { name: 'few rows, 3 splits', parameters: { ...few, Hq: 16, causal: 'bottomRight' }, forward: 'metal-decode@3' },
  { name: 'a window of few rows', parameters: { ...few, Lk: 900, left: 100, right: 0, gradients: false } },
  { name: 'packed sequences of one length', parameters: { ...many, varlen: '90-60+90-60' } },
  { name: 'gradients of options', parameters: { ...many, Hq: 8, bias: '111', alibi: 'H', sinks: true } },
  { name: 'rotated rows', parameters: { ...many, dtype: 'float16', rope: 'half' } },
];

const ofOptions: readonly { name: keyof typeof optionCosts; parameters: CaseParameters }[] = [
  { name: 'mask', parameters: { mask: '11Q', maskKind: 'keep' } },
  { name: 'bias', parameters: { bias: '11Q', biasGradient: false } },
  { name: 'alibi', parameters: { alibi: 'H' } },
  { name: 'softcap', parameters: { softcap: 5 } },
  { name: 'dropout', parameters: { dropout: 0.3 } },
];
const options = (['float16', 'float32'] as const).flatMap((dtype) => ofOptions.map((option) => ({ dtype, ...option })));

interface Counted {
  kernel: string;
  counts: Counts;
}

/** The costs of the forward and the backward pass. */
function costsOf(
  device: Device,
  { q, k, v, options, needs, dOut }: Call,
  { forward, backward }: Planned,
): KernelCost[] {
  const planned = (direction: 'forward' | 'backward', kernel?: string) => {
    const given = { ...(options as AttentionOptions), ...(kernel && { kernel }) };
    return device.plan({ q, k, v, options: given, direction, ...(needs && { needs }) }).cost?.kernels ?? [];
  };
  return [...planned('forward', forward), ...(dOut ? planned('backward', backward) : [])];
}

const callOf = ({ parameters }: Planned): Call => buildCall(formatId('cost', parameters), parameters).call;

const products = ({ matrix_f32, matrix_f16, matrix_bf16 }: Counts) =>
  Number(matrix_f32) + Number(matrix_f16) + Number(matrix_bf16);

/** Of tensors; what is passed by value is none. */
function traffic({ buffers }: Counts) {
  const tensors = Object.values(buffers).filter(({ name }) => !byValue.has(name));
  const sum = (pick: (tensor: (typeof tensors)[number]) => number) =>
    tensors.reduce((total, tensor) => total + pick(tensor), 0);
  return {
    asked: sum(({ read, written }) => read + written),
    once: sum(({ unique_read, unique_written }) => unique_read + unique_written),
  };
}
const byValue = new Set(['p', 'g', 'b', 'c', 'split', 'cache']);

/** The bytes that a product asks for are those of another call. */
const within = (part: number, ratio: number, what: string) => {
  expect.soft(ratio, what).toBeGreaterThanOrEqual(1 - part);
  expect.soft(ratio, what).toBeLessThanOrEqual(1 + part);
};

describe.skipIf(reason)(`the cost of a plan${missing}`, () => {
  let device: Device;
  let control: SoftwareDevice;
  beforeAll(() => {
    device = openSoftwareDevice('apple9', false);
    control = controlSoftwareDevice();
    expect(control.set('stats', '1')).toBe(0);
  }, 120_000);

  async function countedOf(planned: Planned, call: Call): Promise<Counted[]> {
    control.takeCounts();
    await runInto(device, call, planned);
    return JSON.parse(control.takeCounts()) as Counted[];
  }

  it.each(calls)(
    '$name: kernels, threadgroups, products and bytes are those that are counted',
    async (planned) => {
      const call = callOf(planned);
      const costs = costsOf(device, call, planned);
      const counted = await countedOf(planned, call);
      expect(new Set(costs.map(({ kernel }) => kernel))).toEqual(new Set(counted.map(({ kernel }) => kernel)));
      for (const { kernel, counts } of counted) {
        const sum = (pick: (cost: KernelCost) => number) =>
          costs.filter((cost) => cost.kernel === kernel).reduce((total, cost) => total + pick(cost), 0);
        const exact = { threadgroups: sum((cost) => cost.threadgroups), products: sum((cost) => cost.products) };
        expect.soft(exact, kernel).toEqual({ threadgroups: counts['threadgroups'], products: products(counts) });
        const { asked, once } = traffic(counts);
        within(0.3, sum((cost) => cost.deviceBytes) / asked, `${kernel}: bytes asked of the cache`);
        within(0.1, sum((cost) => cost.memoryBytes) / once, `${kernel}: bytes of tensors`);
      }
    },
    600_000,
  );

  it.each(calls.filter(({ parameters }) => parameters.bias === undefined))(
    '$name: use and bound are those of kernels/report',
    (planned) => {
      for (const cost of costsOf(device, callOf(planned), planned)) {
        const { kernel, registers, threadgroupBytes, threads, products: done } = cost;
        const profile = readProfile(kernel);
        const units = done > 0 ? done : cost.deviceBytes / profile.deviceBytes;
        const bytes = { deviceBytes: cost.deviceBytes / units, uniqueBytes: cost.memoryBytes / units };
        const footprint = { registers, threadgroupBytes, simdgroups: threads / 32 };
        const how = { products: done > 0 ? 1 : 0, streams: true };
        const expected = predict({ ...profile, ...bytes, threadgroupBytes: 0 }, footprint, how);
        expect(cost.bound, kernel).toBe(expected.bound);
        expect(cost.simdgroupsPerCore, kernel).toBe(expected.simdgroupsPerCore);
        expect(cost.utilisation, kernel).toBeCloseTo(expected.utilisation, 10);
      }
    },
  );

  it.each([
    ['nothing to do', [1, 1, 0, 64], [1, 1, 8, 64]],
    ['too many sequences to list', [2 ** 17, 1, 8, 64], [2 ** 17, 1, 8, 64]],
    ['too many rows to list', [1, 1, 8, 64], [1, 1, 2 ** 25, 64]],
  ])('is left out where there is %s', (_, q, k) => {
    const of = (shape: number[]) => ({ shape, dtype: 'float16' }) as const;
    expect(device.plan({ q: of(q), k: of(k), v: of(k) }).cost).toBeUndefined();
  });

  it.each(options)('$name in $dtype adds to each pair what the table says', async ({ name, dtype, parameters }) => {
    const size = { Hq: 1, Lq: 128, Lk: 128, D: 64, dtype } as const;
    const forced = { name, forward: 'metal-forward', backward: 'metal-backward' };
    const [plain, given] = [size, { ...size, ...parameters }].map((all) => ({ ...forced, parameters: all }));
    const pairs = 3 * size.Lq * size.Lk; // in forward, dq and dkv
    const added = optionCosts[name];
    const costs = [plain!, given!].map((planned) => sumOf(costsOf(device, callOf(planned), planned)));
    expect((costs[1]! - costs[0]!) / pairs).toBeCloseTo(added.arithmetic + added.exp2, 6);

    const counts = [await countedOf(plain!, callOf(plain!)), await countedOf(given!, callOf(given!))];
    const figures = [...arithmetic, ...(name === 'dropout' ? ['integer'] : [])];
    const count = (names: readonly string[], all: readonly Counted[]) =>
      all
        .filter(({ kernel }) => /^(forward|dq|dkv)_/.test(kernel))
        .reduce((sum, one) => sum + figuresOf(names, one), 0);
    const counted = (names: readonly string[]) => (count(names, counts[1]!) - count(names, counts[0]!)) / pairs;
    within(0.25, counted(figures) / added.arithmetic, `${name}: arithmetic`);
    expect(counted(['exp2', 'other_math'])).toBeCloseTo(added.exp2, 1);
    expect(Math.abs(counted(['device_accesses']) - added.accesses)).toBeLessThan(0.4);
  });
});

const arithmetic = ['multiply_adds', 'additions', 'multiplications', 'comparisons', 'conversions'];
const figuresOf = (names: readonly string[], { counts }: Counted) =>
  names.reduce((sum, name) => sum + Number(counts[name]), 0);
const ofPairs = ({ kernel }: { kernel: string }) => /^(forward|dq|dkv)_/.test(kernel);
const sumOf = (costs: readonly KernelCost[]) =>
  costs.filter(ofPairs).reduce((sum, { operations }) => sum + operations, 0);
