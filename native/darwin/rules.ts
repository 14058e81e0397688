/** What must be true of a binary for macOS on Apple silicon. Each rule returns what is wrong. */
import { type Export, type Import, readExports, readImports } from './dyld-info.js';
import { libraryName, type MachO, onlyCommand, readMachO } from './mach-o.js';
import { signatureProblems } from './signature.js';

export interface Expected {
  /** macOS, as '13.0'. */
  oldestSystem: string;
  /** The file's name; also in its signature and install name. */
  fileName: string;
  library: string;
  /** Symbols that others look up here. */
  entryPoints: ReadonlySet<string>;
  /** Further ones that the linker and the C++ library cannot hide. */
  otherExports: ReadonlySet<string>;
  /** All there in the oldest macOS. */
  libSystem: ReadonlySet<string>;
  /** Node's functions; a host without Node has none of them. */
  nodeApi: ReadonlySet<string>;
  /** The MSL of each kernel, and the line that makes it each variant, by name. */
  kernelTexts: ReadonlyMap<string, string>;
  /** Paths of the machine that built it, and other texts that it must not give away. */
  secrets: readonly string[];
}

export type Rule = (file: MachO, expected: Expected) => string[];

const arm64 = 0x0100000c;
const anyArm64 = 0;
const dynamicLibrary = 6;
const macOS = 1;

export const rules: Record<string, Rule> = {
  architecture: ({ processor, processorVariant, fileType }) => [
    ...(processor === arm64 && processorVariant === anyArm64 ? [] : ['is not for arm64']),
    ...(fileType === dynamicLibrary ? [] : ['is no dynamic library']),
  ],

  'load commands': ({ commands, segments }) => [
    ...commands.filter(({ name }) => name.startsWith('0x')).map(({ name }) => `load command ${name} is not expected`),
    ...segments.flatMap(({ sections }) =>
      sections.filter((name) => name.startsWith('__objc')).map((name) => `has ${name}`),
    ),
  ],

  'oldest system': (file, { oldestSystem }) => {
    const version = onlyCommand(file, 'LC_BUILD_VERSION');
    const [platform, number] = [version.readUInt32LE(8), version.readUInt32LE(12)];
    const oldest = [number >> 16, (number >> 8) & 255, number & 255].join('.');
    if (platform === macOS && oldest === `${oldestSystem}.0`) return [];
    return [`is for platform ${platform} from ${oldest} on, not for macOS from ${oldestSystem} on`];
  },

  'install name': (file, { fileName }) => {
    const name = libraryName(onlyCommand(file, 'LC_ID_DYLIB'));
    return name === `@rpath/${fileName}` ? [] : [`is ${name}, not @rpath/${fileName}`];
  },

  libraries: (file, { library }) => {
    const name = libraryName(onlyCommand(file, 'LC_LOAD_DYLIB'));
    return name === library ? [] : [`${name} is linked, not ${library}`];
  },

  imports: (file, expected) => readImports(file).flatMap((symbol) => importProblems(symbol, expected)),

  exports: (file, expected) => exportProblems(readExports(file), expected),

  signature: (file, { fileName }) => signatureProblems(file, fileName),

  'Metal kernels': ({ bytes }, { kernelTexts }) => {
    // C strings: a text ends where it ends in the source, and begins where nothing is before it.
    const missing = [...kernelTexts].filter(([, text]) => !text.trim() || !bytes.includes(Buffer.from(`\0${text}\0`)));
    const stale = kernelCount(bytes.toString('latin1')) - kernelCount([...kernelTexts.values()].join('\n'));
    return [
      ...(missing.length > 0 ? [`${named(missing.map(([name]) => name))} not in it as the source says`] : []),
      ...(stale === 0 ? [] : [`there are ${stale} more than in the source`]),
    ];
  },

  secrets: ({ bytes }, { secrets }) => secrets.filter((text) => bytes.includes(text)).map((text) => `it says ${text}`),
};

/** What is wrong with a binary, as `rule: problem`; empty when nothing is. */
export function problemsOf(bytes: Buffer, expected: Expected): string[] {
  return Object.entries(rules).flatMap(([name, rule]) => {
    try {
      return rule(readMachO(bytes), expected).map((problem) => `${name}: ${problem}`);
    } catch (error) {
      return [`${name}: ${error instanceof Error ? error.message : error}`];
    }
  });
}

function importProblems({ name, from, weak }: Import, { libSystem, nodeApi }: Expected): string[] {
  if (nodeApi.has(name)) return weak && from === 'any' ? [] : [`${name} cannot stay missing, as it does without Node`];
  if (from !== 1) return [`${name} is in no library`];
  return libSystem.has(name)
    ? []
    : [`${name} is not on the list (native/darwin/target.json): is it in the oldest macOS?`];
}

function exportProblems(found: readonly Export[], { entryPoints, otherExports }: Expected): string[] {
  const names = new Set(found.map(({ name }) => name));
  return [
    ...[...entryPoints].filter((name) => !names.has(name)).map((name) => `${name} is missing`),
    ...[...names]
      .filter((name) => !entryPoints.has(name) && !otherExports.has(name))
      .map((name) => `${name} is visible`),
  ];
}

const kernelCount = (text: string) => text.split('[[kernel]]').length - 1;

const named = (names: readonly string[]) =>
  names.length > 4 ? `${names.slice(0, 4).join(', ')} and ${names.length - 4} more are` : `${names.join(', ')}:`;
