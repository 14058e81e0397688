import { core } from './model.js';
import { runProgram } from './run-program.js';
import type { Tools } from './tools.js';

export interface RegisterProxy {
  /** 32-bit registers per thread with which ptxas spills nothing, not one byte; 256 when 255 are not enough. */
  registers: number;
  /** Threadgroup memory that the kernel declares. */
  threadgroupBytes: number;
}

export const spilling = 256;
const fewest = 24;
const step = 8;
/** A vector that is indexed by a variable, which no number of registers keeps out of memory; an array takes more. */
const harmlessStack = 32;

interface Attempt {
  registers: number;
  /** Whether something is that should be in registers. */
  inMemory: boolean;
  threadgroupBytes: number;
}

/** How many registers a kernel in PTX needs. */
export async function countRegisters(tools: Tools, ptx: string): Promise<RegisterProxy> {
  const free = await assemble(tools, ptx);
  const { threadgroupBytes } = free;
  const registers = free.inMemory ? spilling : await halve(tools, ptx, free.registers);
  const fewer = registers > core.registersPerThread ? await scan(tools, ptx) : undefined;
  return { registers: fewer ?? registers, threadgroupBytes };
}

async function halve(tools: Tools, ptx: string, enough: number): Promise<number> {
  let [tooFew, best] = [fewest - step, enough];
  while (best - tooFew > step) {
    const limit = Math.floor((tooFew + best) / 2 / step) * step;
    if (limit <= tooFew) break;
    const { registers, inMemory } = await assemble(tools, ptx, limit);
    if (inMemory || registers > limit) tooFew = limit;
    else best = registers;
  }
  return best;
}

/**
 * The fewest of those that a thread can have. ptxas may spill a word with 128 registers although 88 are enough, so that halving
 * misses them.
 */
async function scan(tools: Tools, ptx: string): Promise<number | undefined> {
  for (let limit = fewest; limit <= core.registersPerThread; limit += step / 2) {
    const { registers, inMemory } = await assemble(tools, ptx, limit);
    if (!inMemory && registers <= limit) return registers;
  }
  return undefined;
}

async function assemble(tools: Tools, ptx: string, limit?: number): Promise<Attempt> {
  const words = ['-v', '-arch=sm_90', ...(limit === undefined ? [] : ['--maxrregcount', String(limit)])];
  const { status, stderr } = await runProgram(tools.ptxas, [...words, ptx, '-o', `${ptx}.cubin`]);
  const figure = (pattern: RegExp) => Number(pattern.exec(stderr)?.[1] ?? 0);
  const registers = figure(/Used (\d+) registers/);
  if (status !== 0 || registers === 0) throw new Error(`ptxas ended with ${status}\n${stderr}`);
  const spilled = figure(/(\d+) bytes spill stores/);
  const stack = figure(/(\d+) bytes stack frame/);
  return {
    registers,
    inMemory: spilled > 0 || stack > harmlessStack,
    threadgroupBytes: figure(/(\d+) bytes smem/),
  };
}
