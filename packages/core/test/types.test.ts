import { describe, expectTypeOf, it } from 'vitest';
import type {
  AttentionGradients,
  AttentionOptions,
  AttentionResult,
  Causal,
  Device,
  ErrorCode,
  FaMetalError,
  openDevice,
  ProblemDescription,
  Tensor,
} from '../src/index.js';

/** Checked by `tsc`; nothing here fails when it runs. */
describe('types', () => {
  it('of calls', () => {
    expectTypeOf<Device['attention']>().parameters.toEqualTypeOf<[Tensor, Tensor, Tensor, AttentionOptions?]>();
    expectTypeOf<Device['attention']>().returns.resolves.toEqualTypeOf<AttentionResult>();
    expectTypeOf<Device['attentionSync']>().returns.toEqualTypeOf<AttentionResult>();
    expectTypeOf<Device['attentionBackward']>().returns.resolves.toEqualTypeOf<AttentionGradients>();
    expectTypeOf<typeof openDevice>().returns.resolves.toEqualTypeOf<Device>();
    expectTypeOf<FaMetalError['code']>().toEqualTypeOf<ErrorCode>();
  });

  it('of results that go back in', () => {
    expectTypeOf<AttentionResult & Record<'q' | 'k' | 'v' | 'dOut', Tensor>>().toExtend<
      Parameters<Device['attentionBackward']>[0]
    >();
  });

  it('of options: causal is never a boolean, a seed never a number', () => {
    expectTypeOf<boolean>().not.toExtend<Causal>();
    expectTypeOf<{ rate: number; seed: number }>().not.toExtend<NonNullable<AttentionOptions['dropout']>>();
    expectTypeOf<'none'>().not.toExtend<AttentionOptions['align']>();
    expectTypeOf<{ casual: 'topLeft' }>().not.toExtend<AttentionOptions>();
  });

  it('of problems, whose tensors may lack their data', () => {
    expectTypeOf<Omit<Tensor, 'data'>>().toExtend<ProblemDescription['q']>();
    expectTypeOf<AttentionOptions>().toExtend<NonNullable<ProblemDescription['options']>>();
    expectTypeOf<{ mask: { shape: number[]; dtype: 'bool' } }>().toExtend<NonNullable<ProblemDescription['options']>>();
  });
});
