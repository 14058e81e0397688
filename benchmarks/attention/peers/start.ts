import { fileURLToPath } from 'node:url';
import type { ProcessName } from './contestants.js';
import { type Hello, yardstickSizes } from './messages.js';
import { type Command, PeerProcess } from './process.js';
import type { Python, PythonModule, PythonModules } from './python.js';

/** What processes are started with. */
export interface Settings {
  readonly threads: number;
  readonly pythons: PythonModules;
}

const folder = fileURLToPath(new URL('../..', import.meta.url));
const hostOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const moduleOf: Readonly<Partial<Record<ProcessName, PythonModule>>> = { PyTorch: 'torch', TensorFlow: 'tensorflow' };

/** Starts a process of contestants; rejects with the reason where it cannot run here. */
export function startProcess(name: ProcessName, settings: Settings): Promise<[PeerProcess, Hello]> {
  const module = moduleOf[name];
  if (module === undefined) return PeerProcess.start(name, nodeCommand(name, settings));
  const python = settings.pythons[module];
  if (!python) return Promise.reject(new Error(`no Python with ${module} (see --python)`));
  return PeerProcess.start(name, pythonCommand(name, python, settings));
}

/**
 * Starts the yardsticks of a limit: the best matrix product that is installed and starts. MKL and OpenBLAS can be held to
 * AVX2, for kernels that are.
 */
export async function startYardstick(limit: string, settings: Settings): Promise<[PeerProcess, Hello]> {
  const reasons: string[] = [];
  for (const [name, command] of yardsticks(limit, settings)) {
    try {
      return await PeerProcess.start(name, command);
    } catch (error) {
      reasons.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new Error(
    reasons.join('; ') || "the GPU's product is measured by PyTorch, which no Python here has (see --python)",
  );
}

function yardsticks(limit: string, settings: Settings): [string, Command][] {
  const { torch, numpy } = settings.pythons;
  const python = (name: string, from: Python | undefined): [string, Command][] =>
    from ? [[name, pythonCommand(name, from, settings, held(limit))]] : [];
  if (limit === 'gpu') return python('yardstick torch gpu', torch);
  return [
    ...python('yardstick torch', torch),
    ...python('yardstick numpy', numpy),
    ['yardstick tfjs-node', nodeCommand('yardstick tfjs-node', settings)],
  ];
}

function held(limit: string): Record<string, string> {
  return limit === 'avx2' ? { MKL_ENABLE_INSTRUCTIONS: 'AVX2', OPENBLAS_CORETYPE: 'Haswell' } : {};
}

function nodeCommand(name: string, { threads }: Settings): Command {
  const flags = ['--conditions=fa-metal-source', '--import', 'tsx'];
  return {
    program: process.execPath,
    args: [...flags, hostOf('./node-host.ts'), name, String(threads)],
    cwd: folder,
    // Ours inside ONNX Runtime works on its session's threads, unless it is told a number of its own.
    env: { ...threadVariables(threads), ...(name === 'onnxruntime-node' && { FA_METAL_THREADS: '' }) },
  };
}

function pythonCommand(name: string, { command, env }: Python, { threads }: Settings, more = {}): Command {
  return {
    program: command,
    args: [hostOf('./python/host.py'), name, String(threads), JSON.stringify(yardstickSizes)],
    env: { ...env, ...threadVariables(threads), ...more, PYTHONDONTWRITEBYTECODE: '1' },
    readsFiles: true,
  };
}

/** Every library reads one of its own, most of them only when they are loaded. */
function threadVariables(threads: number): Record<string, string> {
  const names = ['FA_METAL', 'OMP_NUM', 'MKL_NUM', 'OPENBLAS_NUM', 'TF_NUM_INTRAOP'];
  return {
    ...Object.fromEntries(names.map((name) => [`${name}_THREADS`, String(threads)])),
    TF_NUM_INTEROP_THREADS: '1',
    TF_CPP_MIN_LOG_LEVEL: '2',
  };
}
