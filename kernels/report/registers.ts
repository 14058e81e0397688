import { runProgram } from './run-program.js';
import type { Tools } from './tools.js';

export interface RegisterProxy {
  /** 32-bit registers per thread, the fewest that ptxas gets along with; 256 when 255 are not enough. */
  registers: number;
  /** Bytes that it keeps in memory then, at most `uniformBytes`. */
  spilled: number;
  /** Threadgroup memory that the kernel declares. */
  threadgroupBytes: number;
}

export const spilling = 256;
const fewest = 24;
const step = 8;
/**
 * Four words that do not change in a loop, such as the start of a tensor. ptxas may put them into memory; Apple's GPUs have
 * registers for what is the same in all threads, beside those that are counted here.
 */
const uniformBytes = 16;
/** A vector that is indexed by a variable; an array in memory, or spilled registers, take more. */
const harmlessStack = 32;

interface Attempt {
  registers: number;
  spilled: number;
  spills: boolean;
  threadgroupBytes: number;
}

/** How many registers a kernel in PTX needs. */
export async function countRegisters(tools: Tools, ptx: string): Promise<RegisterProxy> {
  const free = await assemble(tools, ptx);
  const { threadgroupBytes } = free;
  if (free.spills) return { registers: spilling, spilled: free.spilled, threadgroupBytes };
  let [tooFew, best] = [fewest - step, free];
  while (best.registers - tooFew > step) {
    const limit = Math.floor((tooFew + best.registers) / 2 / step) * step;
    if (limit <= tooFew) break;
    const attempt = await assemble(tools, ptx, limit);
    if (attempt.spills || attempt.registers > limit) tooFew = limit;
    else best = attempt;
  }
  return { registers: best.registers, spilled: best.spilled, threadgroupBytes };
}

async function assemble(tools: Tools, ptx: string, limit?: number): Promise<Attempt> {
  const words = ['-v', '-arch=sm_90', ...(limit === undefined ? [] : ['--maxrregcount', String(limit)])];
  const { status, stderr } = await runProgram(tools.ptxas, [...words, ptx, '-o', `${ptx}.cubin`]);
  const figure = (pattern: RegExp) => Number(pattern.exec(stderr)?.[1] ?? 0);
  const registers = figure(/Used (\d+) registers/);
  if (status !== 0 || registers === 0) throw new Error(`ptxas ended with ${status}\n${stderr}`);
  const spilled = figure(/(\d+) bytes spill stores/);
  const stack = figure(/(\d+) bytes stack frame/) - spilled;
  return {
    registers,
    spilled,
    spills: spilled > uniformBytes || stack > harmlessStack,
    threadgroupBytes: figure(/(\d+) bytes smem/),
  };
}
