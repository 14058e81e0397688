import { afterEach, describe, expect, it, vi } from 'vitest';
import { openDevice, openDeviceSync, version } from '../src/index.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('openDevice', () => {
  it('says what it opened', async () => {
    const opened = await openDevice({ backend: 'cpu', threads: 1, isa: 'scalar' });
    expect(opened.info).toMatchObject({ backend: 'cpu', software: false, isa: 'scalar', threads: 1, version });
    expect(opened.info.name).not.toBe('');
    opened.close();
  });

  it('follows the environment, unless the caller says otherwise', () => {
    vi.stubEnv('FA_METAL_THREADS', '1');
    vi.stubEnv('FA_METAL_BACKEND', 'cpu');
    expect(openDeviceSync().info.threads).toBe(1);
    expect(openDeviceSync({ threads: 2 }).info.threads).toBe(2);
  });

  it('refuses an environment that is wrong, even where the caller says otherwise', async () => {
    vi.stubEnv('FA_METAL_BACKEND', 'gpu');
    const refused = expect.objectContaining({ code: 'INVALID_ENVIRONMENT', argument: 'FA_METAL_BACKEND' });
    await expect(openDevice({ backend: 'cpu' })).rejects.toThrow(refused);
    expect(() => openDeviceSync({ backend: 'cpu' })).toThrow(refused);
  });

  it('reports a library that is not there', async () => {
    vi.stubEnv('FA_METAL_LIBRARY', '/nowhere/addon.node');
    await expect(openDevice()).rejects.toThrow(
      expect.objectContaining({ code: 'LIBRARY_NOT_FOUND', argument: 'FA_METAL_LIBRARY' }),
    );
  });

  it.each([
    ['backend', { backend: 'cuda' }],
    ['backend', { backend: 1 }],
    ['device', { device: 'hardware' }],
    ['threads', { threads: -1 }],
    ['threads', { threads: 1.5 }],
    ['threads', { threads: 257 }],
    ['isa', { isa: 7 }],
    ['options', 'cpu'],
    ['options', null],
    ['options', []],
    ['backned', { backned: 'cpu' }],
  ])('refuses a bad %s: %o', async (argument, options) => {
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT', argument });
    expect(() => openDeviceSync(options as never)).toThrow(refused);
    await expect(openDevice(options as never)).rejects.toThrow(refused);
  });

  it.skipIf(process.platform === 'darwin')('says why metal cannot be had on a machine without it', () => {
    expect(() => openDeviceSync({ backend: 'metal' })).toThrow(
      expect.objectContaining({ code: 'BACKEND_UNAVAILABLE' }),
    );
  });
});
