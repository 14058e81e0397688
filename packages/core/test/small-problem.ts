import { randomTensor } from './random-tensor.js';

/** B 2, Hq 4, Hkv 2, Lq 5, Lk 6, D 8, Dv 16. */
export const q = randomTensor(1, [2, 4, 5, 8]);
export const k = randomTensor(2, [2, 2, 6, 8]);
export const v = randomTensor(3, [2, 2, 6, 16]);
export const dOut = randomTensor(4, [2, 4, 5, 16]);
