import type { LoadAttempt } from './loader.js';

/** What decides which binary fits. */
export interface HostPlatform {
  os: string;
  arch: string;
  /** `musl`, or `glibc` with its version; only on Linux. */
  libc?: string;
}

export function hostPlatform(): HostPlatform {
  const { platform: os, arch } = process;
  return os === 'linux' ? { os, arch, libc: linuxLibc() } : { os, arch };
}

/** Node's own report names the version of glibc that it runs on, and none on musl. */
function linuxLibc(): string {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  const { excludeNetwork } = report;
  // The network part would look up names, which may take seconds.
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
  if (excludeNetwork !== undefined) report.excludeNetwork = excludeNetwork;
  return header?.glibcVersionRuntime ? `glibc ${header.glibcVersionRuntime}` : 'musl';
}

interface Remedy {
  applies(message: string, platform: HostPlatform): boolean;
  says(platform: HostPlatform): string;
}

/** The first that applies to the message of a file that was there but did not load. */
const remedies: readonly Remedy[] = [
  {
    applies: (message, { libc }) => libc === 'musl' && /ld-linux|glibc|symbol not found|libc\.so/i.test(message),
    says: () =>
      'the binary is built for glibc, and this system (Alpine, for one) has musl: use an image with glibc, such as node:22-slim, or build the binary from a checkout and set FA_METAL_LIBRARY to it.',
  },
  {
    applies: (message) => /ld-musl|libc\.musl/i.test(message),
    says: ({ libc }) =>
      `the binary is built for musl, and this system has ${libc}: set FA_METAL_LIBRARY to one for glibc.`,
  },
  {
    applies: (message) => /GLIBC(XX)?_[\d.]+'? not found/.test(message),
    says: ({ libc }) =>
      `the binary needs a newer glibc or libstdc++ than this system's (${libc}): update the system, or build the binary here from a checkout and set FA_METAL_LIBRARY to it.`,
  },
  {
    applies: (message) =>
      /wrong ELF class|incompatible architecture|not a valid Win32|wrong architecture|cannot open shared object file: No such file/i.test(
        message,
      ),
    says: ({ os, arch }) =>
      `the binary is not for ${os}-${arch}, or a library that it needs is missing: remove node_modules and install again with the Node that you run.`,
  },
  {
    applies: (message) => /invalid ELF header|file too short|not a mach-o|slice is not valid/i.test(message),
    says: () =>
      'the file is damaged or no binary at all: remove node_modules and install again, or correct FA_METAL_LIBRARY.',
  },
  {
    applies: (message, { os }) => os === 'darwin' && /code signature|quarantine|not permitted/i.test(message),
    says: () => 'macOS refuses the file: run `xattr -d com.apple.quarantine` on it, or install again.',
  },
  {
    applies: (message) => /they must be the same/.test(message),
    says: () => 'in a checkout run `npm run setup`; elsewhere remove node_modules and install again.',
  },
];

/** One sentence on how to get a binary that loads. */
export function remedyFor(attempts: readonly LoadAttempt[], platform: HostPlatform): string {
  const message = attempts.find((attempt) => attempt.error)?.error?.message;
  const overridden = attempts[0]?.source === 'FA_METAL_LIBRARY';
  if (message !== undefined) {
    const remedy = remedies.find(({ applies }) => applies(message, platform));
    if (remedy) return remedy.says(platform);
    return overridden ? 'correct FA_METAL_LIBRARY, or unset it to use the binary of the package.' : reinstall;
  }
  if (overridden)
    return 'FA_METAL_LIBRARY names a file that is not there: correct it, or unset it to use the binary of the package.';
  return reinstall;
}

const reinstall =
  'in a checkout run `npm run setup`, which builds the binary; in a project install @fa-metal/core again, and if a bundler is in use mark it as external, since a bundler cannot carry .node files.';
