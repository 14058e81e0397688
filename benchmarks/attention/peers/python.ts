import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A Python to run contestants in. */
export interface Python {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

const modules = ['torch', 'tensorflow', 'numpy'] as const;
export type PythonModule = (typeof modules)[number];
export type PythonModules = Readonly<Partial<Record<PythonModule, Python>>>;

/** For each module, the first Python that has it: the one asked for, FA_METAL_PYTHON, setup's, python3. */
export function findPythons(asked: string | undefined): PythonModules {
  const found: Partial<Record<PythonModule, Python>> = {};
  for (const python of candidates(asked)) {
    for (const module of modulesOf(python)) found[module] ??= python;
  }
  return found;
}

function candidates(asked: string | undefined): Python[] {
  const named = [asked, process.env.FA_METAL_PYTHON].filter((command) => command !== undefined && command !== '');
  return [
    ...named.map((command) => ({ command: command as string, env: {} })),
    ...setupPython(),
    { command: 'python3', env: {} },
  ];
}

/** The one that `npm run setup` installed numpy for. */
function setupPython(): Python[] {
  const state = fileURLToPath(new URL('../../../.cache/setup.json', import.meta.url));
  const python = existsSync(state) ? JSON.parse(readFileSync(state, 'utf8')).python : undefined;
  return python?.command ? [{ command: python.command, env: { PYTHONPATH: python.path } }] : [];
}

/** numpy is needed by the process itself, whatever it hosts. */
function modulesOf({ command, env }: Python): PythonModule[] {
  const look = `import importlib.util as i, json; print(json.dumps([m for m in ${JSON.stringify(modules)} if i.find_spec(m)]))`;
  const { status, stdout } = spawnSync(command, ['-c', look], { encoding: 'utf8', env: { ...process.env, ...env } });
  if (status !== 0) return [];
  const found = JSON.parse(stdout) as PythonModule[];
  return found.includes('numpy') ? found : [];
}
