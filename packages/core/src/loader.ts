import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Environment, readEnvironment } from './environment.js';
import { FaMetalError } from './errors.js';
import { type HostPlatform, hostPlatform, remedyFor } from './load-remedy.js';
import type { NativeAddon } from './native.js';
import { packageVersion } from './version.js';

/** One place that was looked at for the native binary. */
export interface LoadAttempt {
  path: string;
  /** Why it was looked at: `FA_METAL_LIBRARY`, `prebuilt` or `local build`. */
  source: string;
  outcome: 'loaded' | 'not found' | 'failed';
  error?: Error;
}

export interface LoadedLibrary {
  addon: NativeAddon;
  path: string;
}

/** What happened, with or without success. */
export interface LoadReport {
  attempts: LoadAttempt[];
  loaded?: LoadedLibrary;
  error?: FaMetalError;
}

export interface LoadSettings {
  /** Folder that holds prebuilds/ and package.json. Default: this package. */
  packageRoot?: string;
  /** FA_METAL_LIBRARY: the only file to try. */
  library?: string | undefined;
  platform?: HostPlatform;
  /** Loads a file; replaced in tests. */
  load?: (path: string) => Partial<NativeAddon>;
}

// This file and the built one lie one folder below the package, so both find it alike.
const thisPackage = join(dirname(fileURLToPath(import.meta.url)), '..');
const requireNative = createRequire(import.meta.url);
const loadedLibraries = new Map<string, LoadedLibrary>();

/**
 * The native binary, loaded once per process. Never touches the network.
 *
 * @throws FaMetalError `LIBRARY_NOT_FOUND` with every attempt, `INVALID_ENVIRONMENT`
 */
export function loadLibrary({ library }: Environment = readEnvironment()): LoadedLibrary {
  const known = loadedLibraries.get(library ?? '');
  if (known) return known;
  const { loaded, error } = tryToLoad({ library });
  if (!loaded) throw error;
  loadedLibraries.set(library ?? '', loaded);
  return loaded;
}

/** Path of the native binary in use; loads it if need be. @throws as `loadLibrary` */
export function nativeLibraryPath(): string {
  return loadLibrary().path;
}

/** Tries one place after the other. A file that is there but does not load ends the search: it is to be mended. */
export function tryToLoad(settings: LoadSettings = {}): LoadReport {
  const { load = loadFile } = settings;
  const attempts: LoadAttempt[] = [];
  for (const { path, source } of candidates(settings)) {
    if (!existsSync(path)) {
      attempts.push({ path, source, outcome: 'not found' });
      continue;
    }
    try {
      const addon = expectOurs(load(path));
      attempts.push({ path, source, outcome: 'loaded' });
      return { attempts, loaded: { addon, path } };
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      attempts.push({ path, source, outcome: 'failed', error });
      break;
    }
  }
  return { attempts, error: loadError(attempts, settings.platform ?? hostPlatform()) };
}

function candidates({ packageRoot = thisPackage, library, platform }: LoadSettings) {
  if (library) return [{ path: resolve(library), source: 'FA_METAL_LIBRARY' }];
  // The layout that prebuildify writes and node-gyp-build reads.
  const { os, arch } = platform ?? { os: process.platform, arch: process.arch };
  const prebuilt = join(packageRoot, 'prebuilds', `${os}-${arch}`, 'addon.node');
  const local = join(packageRoot, 'build', 'Release', 'addon.node');
  return [
    { path: prebuilt, source: 'prebuilt' },
    { path: local, source: 'local build' },
  ];
}

/** `require` takes only files that end in .node for native ones. */
function loadFile(path: string): Partial<NativeAddon> {
  if (path.endsWith('.node')) return requireNative(path);
  const module = { exports: {} };
  process.dlopen(module, path);
  return module.exports;
}

function expectOurs(addon: Partial<NativeAddon>): NativeAddon {
  if (typeof addon.openDevice !== 'function') throw new Error('The file loads, but it is no binary of fa-metal.');
  if (addon.version === packageVersion) return addon as NativeAddon;
  throw new Error(`The binary is version ${addon.version}, this package is ${packageVersion}; they must be the same.`);
}

function loadError(attempts: readonly LoadAttempt[], platform: HostPlatform): FaMetalError {
  const failed = attempts.find((attempt) => attempt.error);
  const lines = attempts.map(
    ({ path, source, outcome, error }) => `  ${source}: ${path}: ${error?.message ?? outcome}`,
  );
  const message = [
    `No native library for ${platform.os}-${platform.arch} (${platform.libc ?? 'system libc'}) could be loaded. Tried:`,
    ...lines,
    `What to do: ${remedyFor(attempts, platform)}`,
  ].join('\n');
  return new FaMetalError('LIBRARY_NOT_FOUND', message, {
    ...(attempts[0]?.source === 'FA_METAL_LIBRARY' && { argument: 'FA_METAL_LIBRARY' }),
    ...(failed && { cause: failed.error }),
  });
}
