import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NativeBackwardCall } from '../../packages/core/src/native.js';
import type { Tensor } from '../../packages/core/src/types.js';
import { addon, backwardCall, bytesOf, forwardCall, type NativeFailure } from './addon.js';

const device = addon.openDevice({ backend: 'cpu', device: 'system', threads: 2, isa: '' });

const sizes = fc.record({
  batch: fc.integer({ min: 0, max: 2 }),
  kvHeads: fc.integer({ min: 1, max: 3 }),
  group: fc.integer({ min: 1, max: 2 }),
  queries: fc.integer({ min: 0, max: 40 }),
  keys: fc.integer({ min: 0, max: 40 }),
  width: fc.integer({ min: 1, max: 20 }),
  valueWidth: fc.integer({ min: 1, max: 20 }),
});

const size = fc.oneof(fc.constantFrom(-1, 0, 1, 2, 3, 2 ** 20, 2 ** 40, 2 ** 53), fc.anything());
const value = fc.oneof(
  fc.anything({ withTypedArray: true, withBigInt: true, withDate: true, withNullPrototype: true }),
  fc.array(size, { maxLength: 5 }),
  fc.record({ left: size, right: size }),
  fc.record({ offset: size }),
  fc.constantFrom('topLeft', 'bottomRight', 'none', 'bhld', 'blhd', 'float16', 'bool', 'cpu-flash-forward'),
);

const tensorNames = ['q', 'k', 'v', 'out', 'lse', 'dOut', 'dLse', 'softmaxStats', 'dq', 'dk', 'dv', 'dBias'] as const;
const optionNames = [
  'layout',
  'scale',
  'softcap',
  'causal',
  'align',
  'window',
  'mask',
  'bias',
  'sinks',
  'rope',
] as const;

/** One thing of a good call that becomes something else. */
const damage = fc.oneof(
  fc.record({
    tensor: fc.constantFrom(...tensorNames),
    field: fc.constantFrom('shape', 'strides', 'dtype', 'data'),
    value,
  }),
  fc.record({ tensor: fc.constantFrom(...tensorNames), value }),
  fc.record({ option: fc.constantFrom(...optionNames), value }),
);

type Damage = { tensor?: string; option?: string; field?: string; value: unknown };

function inflict(call: NativeBackwardCall, { tensor, option, field, value: changed }: Damage): void {
  const tensors = call as unknown as Record<string, object | undefined>;
  if (option !== undefined) Object.assign(call.options, { [option]: changed });
  else if (field === undefined) Object.assign(call, { [tensor as string]: changed });
  else tensors[tensor as string] = { ...tensors[tensor as string], [field]: changed };
}

const written = ['dq', 'dk', 'dv'] as const;

test('whatever a call holds, it succeeds or is refused with a code, an argument and nothing written', () => {
  fc.assert(
    fc.property(sizes, fc.array(damage, { maxLength: 2 }), ({ group, ...rest }, changes) => {
      const forward = forwardCall({ ...rest, queryHeads: rest.kvHeads * group });
      device.forward(forward);
      const call = backwardCall(forward);
      const outputs = written.map((name): Tensor => call[name]);
      for (const change of changes) inflict(call, change as Damage);
      const before = outputs.map(bytesOf);
      try {
        device.backward(call);
      } catch (error) {
        const { code, argument, message } = error as NativeFailure;
        expect(code).toMatch(
          /^(INVALID_ARGUMENT|.*_MISMATCH|BUFFER_TOO_SHORT|SIZE_OVERFLOW|ALIASED_OUTPUT|UNSUPPORTED.*)$/,
        );
        expect(argument).not.toBe('');
        expect(message).toMatch(/^\[attentionBackward\] .+: expected .+, got .*/s);
        outputs.forEach((output, index) => expect(bytesOf(output).equals(before[index] as Buffer)).toBe(true));
      }
    }),
    { numRuns: 3000, seed: 3 },
  );
});
