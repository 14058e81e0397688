import { spawnSync } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { openDeviceSync } from '@fa-metal/core';
import type { Machine } from '../report/schema.js';

/** This machine, and what ours runs on here where nothing else is asked for. */
export function describeMachine(): Machine {
  const device = openDeviceSync();
  const { backend, name, isa, software } = device.info;
  device.close();
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    os: `${os.platform()} ${os.release()} ${os.arch()}`,
    backend,
    device: name,
    ...(isa !== undefined && { isa }),
    software,
  };
}

/** Whether ours has a GPU here, which then takes part beside the CPU. */
export function hasGpu({ backend, software }: Machine): boolean {
  return backend === 'metal' && !software;
}

/** Commit of the checkout, and whether tracked files differ from it; results of earlier runs do not count. */
export function describeCheckout(): { commit: string; changed: boolean } {
  const git = (...args: string[]) => {
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const { status, stdout } = spawnSync('git', args, { cwd, encoding: 'utf8' });
    return status === 0 ? stdout.trim() : undefined;
  };
  const status = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!benchmarks/results');
  return { commit: git('rev-parse', 'HEAD') ?? 'unknown', changed: status !== '' };
}
