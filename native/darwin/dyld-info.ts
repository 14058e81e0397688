/** What dyld reads of a Mach-O file when it loads it: which symbols it must find elsewhere, which ones others may find here. */
import { type MachO, onlyCommand, zeroTerminated } from './mach-o.js';

export interface Import {
  name: string;
  /** The library by its place among the LC_LOAD_DYLIB commands, from 1 on; 'any' is searched for in the whole process. */
  from: number | 'any';
  /** May stay missing. */
  weak: boolean;
}

export interface Export {
  name: string;
  /** dyld may use another library's definition instead. */
  weak: boolean;
}

/** Of BIND_OPCODE_SET_DYLIB_SPECIAL_IMM. */
const flatLookup = 0xe;
const weakImport = 1;
const weakDefinition = 4;

/** Without those that are bound weakly to the file's own exports. */
export function readImports(file: MachO): Import[] {
  const info = onlyCommand(file, 'LC_DYLD_INFO_ONLY');
  const part = (at: number) =>
    file.bytes.subarray(info.readUInt32LE(at), info.readUInt32LE(at) + info.readUInt32LE(at + 4));
  const found = [part(16), part(32)].flatMap(readBindings);
  return [...new Map(found.map((symbol) => [symbol.name, symbol])).values()];
}

export function readExports(file: MachO): Export[] {
  const info = onlyCommand(file, 'LC_DYLD_INFO_ONLY');
  const begin = info.readUInt32LE(40);
  const trie = file.bytes.subarray(begin, begin + info.readUInt32LE(44));
  return trie.length > 0 ? readNode(trie, 0, '') : [];
}

/** The opcodes of <mach-o/loader.h>: the upper half of a byte says what, the lower half or numbers behind it say how much. */
function readBindings(opcodes: Buffer): Import[] {
  const found: Import[] = [];
  const current: Import = { name: '', from: 0, weak: false };
  const reader = new Reader(opcodes);
  while (!reader.atEnd) {
    const byte = reader.byte();
    const small = byte & 15;
    const operation = byte >> 4;
    if (operation === 1) current.from = small;
    else if (operation === 2) current.from = reader.number();
    else if (operation === 3) current.from = small === flatLookup ? 'any' : small - 16;
    else if (operation === 4) Object.assign(current, { name: reader.text(), weak: (small & weakImport) !== 0 });
    else if ([6, 7, 8].includes(operation)) reader.number();
    else if (operation >= 9) {
      found.push({ ...current });
      for (let numbers = { 10: 1, 12: 2 }[operation] ?? 0; numbers > 0; numbers--) reader.number();
    }
  }
  return found;
}

function readNode(trie: Buffer, at: number, prefix: string): Export[] {
  const reader = new Reader(trie, at);
  const size = reader.number();
  const children = reader.at + size;
  const found: Export[] = size > 0 ? [{ name: prefix, weak: (reader.number() & weakDefinition) !== 0 }] : [];
  reader.at = children;
  for (let left = reader.byte(); left > 0; left--) {
    const name = prefix + reader.text();
    const child = reader.number();
    if (child <= at) throw new Error('the list of exports runs backwards');
    found.push(...readNode(trie, child, name));
  }
  return found;
}

class Reader {
  constructor(
    private readonly bytes: Buffer,
    public at = 0,
  ) {}

  get atEnd() {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    return this.bytes.readUInt8(this.at++);
  }

  /** LEB128; the sign does not matter to those that are only skipped. */
  number(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  text(): string {
    const text = zeroTerminated(this.bytes, this.at);
    this.at += Buffer.byteLength(text) + 1;
    return text;
  }
}
