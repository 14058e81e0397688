import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaMetalError } from '../src/errors.js';
import { hostPlatform, remedyFor } from '../src/load-remedy.js';
import { type LoadReport, loadLibrary, nativeLibraryPath, tryToLoad } from '../src/loader.js';

const { os, arch } = hostPlatform();
let packageRoot: string;

beforeEach(() => {
  packageRoot = mkdtempSync(join(tmpdir(), 'fa-metal-loader-'));
});

afterEach(() => {
  rmSync(packageRoot, { recursive: true });
});

function place(path: string, content: string | 'the real one'): string {
  const file = join(packageRoot, path);
  mkdirSync(dirname(file), { recursive: true });
  if (content === 'the real one') cpSync(nativeLibraryPath(), file);
  else writeFileSync(file, content);
  return file;
}

const prebuilt = `prebuilds/${os}-${arch}/addon.node`;
const local = 'build/Release/addon.node';

function outcomes({ attempts }: LoadReport): string[] {
  return attempts.map(({ source, outcome }) => `${source}: ${outcome}`);
}

describe('tryToLoad', () => {
  it('takes the prebuilt binary', () => {
    const path = place(prebuilt, 'the real one');
    const report = tryToLoad({ packageRoot });
    expect(report.loaded?.path).toBe(path);
    expect(outcomes(report)).toEqual(['prebuilt: loaded']);
  });

  it('takes a local build where there is no prebuilt one', () => {
    place(local, 'the real one');
    expect(outcomes(tryToLoad({ packageRoot }))).toEqual(['prebuilt: not found', 'local build: loaded']);
  });

  it('tells every attempt and what to do where there is none', () => {
    const { error, loaded, attempts } = tryToLoad({ packageRoot });
    expect(loaded).toBeUndefined();
    expect(attempts).toHaveLength(2);
    expect(error).toBeInstanceOf(FaMetalError);
    expect(error?.code).toBe('LIBRARY_NOT_FOUND');
    expect(error?.message).toContain(join(packageRoot, prebuilt));
    expect(error?.message).toContain(join(packageRoot, local));
    expect(error?.message).toMatch(/What to do: .*npm run setup/);
  });

  it('stops at a damaged file, even if the next would load, and keeps its error', () => {
    place(prebuilt, 'not a binary');
    place(local, 'the real one');
    const report = tryToLoad({ packageRoot });
    expect(outcomes(report)).toEqual(['prebuilt: failed']);
    expect(report.error?.cause).toBe(report.attempts[0]?.error);
    expect(report.error?.message).toContain('damaged');
  });

  it('refuses a native file that loads but is not ours', () => {
    const { error } = tryToLoad({ library: place('foreign.node', ''), load: () => ({}) });
    expect(error?.message).toContain('no binary of fa-metal');
    expect(error?.argument).toBe('FA_METAL_LIBRARY');
  });

  it('refuses a binary of another version', () => {
    place(prebuilt, '');
    const { error } = tryToLoad({ packageRoot, load: () => ({ ...loadLibrary().addon, version: '0.0.1' }) });
    expect(error?.message).toMatch(/The binary is version 0\.0\.1, this package is \d/);
    expect(error?.message).toMatch(/What to do: in a checkout run `npm run setup`/);
  });

  it('tries nothing but FA_METAL_LIBRARY when that is set', () => {
    place(prebuilt, 'the real one');
    const report = tryToLoad({ packageRoot, library: join(packageRoot, 'gone.node') });
    expect(outcomes(report)).toEqual(['FA_METAL_LIBRARY: not found']);
    expect(report.error?.argument).toBe('FA_METAL_LIBRARY');
    expect(report.error?.message).toContain('FA_METAL_LIBRARY names a file that is not there');
  });

  it('loads a binary of another name through FA_METAL_LIBRARY', () => {
    const library = place('libfa_metal.so', 'the real one');
    expect(tryToLoad({ library }).loaded?.path).toBe(library);
  });

  it('looks for the folder of the platform that runs', () => {
    const { attempts } = tryToLoad({ packageRoot, platform: { os: 'sunos', arch: 'sparc' } });
    expect(attempts[0]?.path).toBe(join(packageRoot, 'prebuilds/sunos-sparc/addon.node'));
  });
});

describe('loadLibrary', () => {
  it('loads once', () => {
    expect(loadLibrary()).toBe(loadLibrary());
  });

  it('does not remember a failure', () => {
    const library = join(packageRoot, 'late.node');
    expect(() => loadLibrary({ library })).toThrow(expect.objectContaining({ code: 'LIBRARY_NOT_FOUND' }));
    cpSync(nativeLibraryPath(), library);
    expect(loadLibrary({ library }).path).toBe(library);
  });
});

describe('remedyFor', () => {
  const glibc = { os: 'linux', arch: 'x64', libc: 'glibc 2.17' };
  const musl = { os: 'linux', arch: 'x64', libc: 'musl' };
  const mac = { os: 'darwin', arch: 'arm64' };

  it.each([
    [
      'Error loading shared library ld-linux-x86-64.so.2: No such file or directory',
      musl,
      'this system (Alpine, for one) has musl',
    ],
    ["/lib64/libm.so.6: version `GLIBC_2.29' not found", glibc, 'newer glibc'],
    ["version `GLIBCXX_3.4.29' not found", glibc, 'libstdc++'],
    ['libc.musl-x86_64.so.1: cannot open shared object file', glibc, 'built for musl'],
    ["mach-o file, but is an incompatible architecture (have 'x86_64', need 'arm64')", mac, 'not for darwin-arm64'],
    ['wrong ELF class: ELFCLASS32', glibc, 'not for linux-x64'],
    ['invalid ELF header', glibc, 'damaged'],
    ['file too short', glibc, 'damaged'],
    ['code signature in <x> not valid for use in process', mac, 'xattr'],
    ['something nobody foresaw', glibc, 'install @fa-metal/core again'],
  ])('%s', (message, platform, remedy) => {
    const attempt = { path: '/x', source: 'prebuilt', outcome: 'failed', error: new Error(message) } as const;
    expect(remedyFor([attempt], platform)).toContain(remedy);
  });
});
