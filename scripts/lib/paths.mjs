import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** What belongs to this checkout alone: locks, logs, what setup found. Ignored by git. */
export const checkoutCache = path.join(root, '.cache');

/** Downloads that every checkout on the machine shares. */
export const sharedCache =
  process.env.FA_METAL_CACHE ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'fa-metal');

/** Names of prebuilt binaries: `linux-x64`, `darwin-arm64`. */
export const platformName = `${process.platform}-${process.arch}`;
