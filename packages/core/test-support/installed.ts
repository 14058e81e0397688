import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeLibraryPath } from '../src/index.js';

const core = fileURLToPath(new URL('..', import.meta.url));

/** A folder in which the built packages lie as npm would install them. */
export interface Installed {
  /** Folder of the adapter's package. */
  adapter: string;
  /** Path of core's native binary. */
  library: string;
}

/** Copies core as it was built, with a native binary of its own, and the adapter of that folder into `target`. */
export function installBuilt(target: string, adapter: string): Installed {
  const modules = join(target, 'node_modules/@fa-metal');
  const installed = { core: copyBuilt(core, modules), adapter: copyBuilt(adapter, modules) };
  const library = join(installed.core, 'prebuilds', `${process.platform}-${process.arch}`, 'addon.node');
  mkdirSync(dirname(library), { recursive: true });
  cpSync(nativeLibraryPath(), library);
  return { adapter: installed.adapter, library };
}

function copyBuilt(source: string, modules: string): string {
  const built = join(source, 'dist');
  if (!existsSync(built)) throw new Error(`${built} is missing: run the build task first`);
  const target = join(modules, basename(source));
  mkdirSync(target, { recursive: true });
  cpSync(built, join(target, 'dist'), { recursive: true });
  cpSync(join(source, 'package.json'), join(target, 'package.json'));
  return target;
}

/** A folder that is gone when `body` is done. */
export async function inTemporaryFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'fa-metal-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
