/** Reads what the checker needs of a Mach-O file for one 64-bit processor. Names are those of <mach-o/loader.h>. */

export const magic64 = 0xfeedfacf;

/** Load commands that the binary may have; any other is reported. */
const commandNames: Record<number, string> = {
  2: 'LC_SYMTAB',
  11: 'LC_DYSYMTAB',
  12: 'LC_LOAD_DYLIB',
  13: 'LC_ID_DYLIB',
  14: 'LC_LOAD_DYLINKER',
  25: 'LC_SEGMENT_64',
  27: 'LC_UUID',
  29: 'LC_CODE_SIGNATURE',
  38: 'LC_FUNCTION_STARTS',
  41: 'LC_DATA_IN_CODE',
  42: 'LC_SOURCE_VERSION',
  50: 'LC_BUILD_VERSION',
  2147483682: 'LC_DYLD_INFO_ONLY',
};

export interface LoadCommand {
  /** LC_..., or the number in hexadecimal for one that is not expected. */
  name: string;
  /** The whole command, from its own number on. */
  bytes: Buffer;
}

export interface Segment {
  name: string;
  address: number;
  /** Where it is in the file. */
  begin: number;
  end: number;
  sections: string[];
}

export interface MachO {
  bytes: Buffer;
  processor: number;
  processorVariant: number;
  fileType: number;
  commands: LoadCommand[];
  segments: Segment[];
}

/** @throws Error when the bytes are no such file */
export function readMachO(bytes: Buffer): MachO {
  if (bytes.length < 32 || bytes.readUInt32LE(0) !== magic64)
    throw new Error('no Mach-O file for one 64-bit processor');
  const commands = readCommands(bytes);
  return {
    bytes,
    processor: bytes.readUInt32LE(4),
    processorVariant: bytes.readUInt32LE(8),
    fileType: bytes.readUInt32LE(12),
    commands,
    segments: commands.filter(({ name }) => name === 'LC_SEGMENT_64').map(readSegment),
  };
}

/** @throws Error when there is not exactly one */
export function onlyCommand({ commands }: MachO, name: string): Buffer {
  const found = commands.filter((command) => command.name === name);
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} commands ${name} instead of one`);
  return found[0].bytes;
}

/** The name in a command about a library. */
export function libraryName(command: Buffer): string {
  return zeroTerminated(command, command.readUInt32LE(8));
}

export function zeroTerminated(bytes: Buffer, begin: number): string {
  const end = bytes.indexOf(0, begin);
  return bytes.toString('utf8', begin, end < 0 ? bytes.length : end);
}

function readCommands(bytes: Buffer): LoadCommand[] {
  const commands: LoadCommand[] = [];
  let at = 32;
  for (let left = bytes.readUInt32LE(16); left > 0; left--) {
    const kind = bytes.readUInt32LE(at);
    const size = bytes.readUInt32LE(at + 4);
    if (size < 8 || at + size > bytes.length) throw new Error(`a load command at ${at} has the size ${size}`);
    commands.push({ name: commandNames[kind] ?? `0x${kind.toString(16)}`, bytes: bytes.subarray(at, at + size) });
    at += size;
  }
  return commands;
}

function readSegment({ bytes }: LoadCommand): Segment {
  const begin = Number(bytes.readBigUInt64LE(40));
  const count = bytes.readUInt32LE(64);
  if (bytes.length !== 72 + 80 * count) throw new Error(`a segment of ${bytes.length} bytes says ${count} sections`);
  const sections = Array.from({ length: count }, (_, index) => fixedName(bytes, 72 + 80 * index));
  return {
    name: fixedName(bytes, 8),
    address: Number(bytes.readBigUInt64LE(24)),
    begin,
    end: begin + Number(bytes.readBigUInt64LE(48)),
    sections,
  };
}

const fixedName = (bytes: Buffer, at: number) => zeroTerminated(bytes.subarray(at, at + 16), 0);
