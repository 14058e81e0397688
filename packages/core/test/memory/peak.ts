// Run by memory.test.ts in a process of its own: peak memory of a forward and a backward pass over what their inputs take.
import { readFileSync, writeFileSync } from 'node:fs';
import { openDeviceSync } from '../../src/index.js';
import { randomTensor } from '../random-tensor.js';

const length = Number(process.argv[2]);
const device = openDeviceSync({ backend: 'cpu' });

function pass(rows: number): number {
  const tensor = (seed: number) => randomTensor(seed, [1, 1, rows, 64]);
  const [q, k, v, dOut] = [tensor(1), tensor(2), tensor(3), tensor(4)];
  const before = startPeak();
  const forward = device.attentionSync(q, k, v, { causal: 'none' });
  const { dq } = device.attentionBackwardSync({ q, k, v, ...forward, dOut });
  const extra = peak() - before;
  // Results that nobody looks at might not be there at the peak.
  return (dq.data as Float32Array).some(Number.isNaN) ? Number.NaN : extra;
}

/** Bytes held now; the peak starts again from here. */
function startPeak(): number {
  writeFileSync('/proc/self/clear_refs', '5');
  return process.memoryUsage.rss();
}

function peak(): number {
  return 1024 * Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

// Threads and code are not the call's.
pass(256);
console.log(pass(length));
