import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Presets, SingleBar } from 'cli-progress';
import type { RunMessage, RunResult } from './messages.js';
import type { DemoOptions, Variant } from './options.js';
import type { HostName } from './tensorflow.js';

/** Titles of the runs, as tables and plots show them. */
export const titles: Record<Variant, string> = {
  stock: 'stock tfjs',
  'stock-improved': 'stock tfjs, improved gradients',
  'fused-cpu': 'fused attention, cpu backend',
  fused: 'fused attention, improved gradients',
};

/** Makes one run in a process of its own, with a progress bar. Rejects with what the run said when it failed. */
export function runVariant(variant: Variant, options: DemoOptions, hostName: HostName): Promise<RunResult> {
  const child = fork(fileURLToPath(new URL('./run.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...backendOf(variant, options) },
  });
  const bar = new SingleBar(
    {
      format: `${titles[variant].padEnd(36)} {bar} {value}/{total} steps  loss {loss}  {rate} ms/step  eta {eta}s`,
      hideCursor: true,
      noTTYOutput: true,
      notTTYSchedule: 15_000,
    },
    Presets.shades_classic,
  );
  const losses: number[] = [];
  const stepMilliseconds: number[] = [];
  let host = '';
  let notes: string[] = [];

  return new Promise((resolve, reject) => {
    let outcome: RunResult | Error = new Error(`the process of run "${variant}" ended early`);
    child.on('message', (message: RunMessage) => {
      if (message.kind === 'started') {
        host = message.host;
        notes = message.notes;
        bar.start(options.steps, 0, { loss: '-', rate: '-' });
      } else if (message.kind === 'step') {
        losses.push(message.loss);
        stepMilliseconds.push(message.milliseconds);
        bar.update(message.step + 1, { loss: message.loss.toFixed(3), rate: median(stepMilliseconds).toFixed(0) });
      } else if (message.kind === 'finished') {
        const { sample, peakBytes, parameters } = message;
        outcome = { variant, host, notes, losses, stepMilliseconds, sample, peakBytes, parameters };
      } else {
        outcome = new Error(message.message);
      }
    });
    child.on('error', reject);
    child.on('exit', () => {
      bar.stop();
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    });
    child.send({ variant, options, host: hostName });
  });
}

/** What core reads in the run's own process. */
function backendOf(variant: Variant, { device }: DemoOptions): NodeJS.ProcessEnv {
  if (variant === 'fused-cpu') return { FA_METAL_BACKEND: 'cpu' };
  return variant === 'fused' && device === 'software' ? { FA_METAL_BACKEND: 'metal', FA_METAL_DEVICE: 'software' } : {};
}

/** Middle value; of two middle ones the upper. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
