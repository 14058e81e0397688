/** The ad-hoc code signature, without which Apple's processors run nothing: a hash of each page, and no certificate. */
import { createHash } from 'node:crypto';
import { type MachO, onlyCommand } from './mach-o.js';

const superBlobMagic = 0xfade0cc0;
const codeDirectoryMagic = 0xfade0c02;
const codeDirectoryVersion = 0x20400;
const adHocByLinker = 0x20002;
const sha256Kind = 2;
const hashSize = 32;
const pageShift = 14;
const pageSize = 1 << pageShift;

/** Bytes of the two headers: super blob with one entry, code directory. */
const superBlobHeader = 20;
const directoryHeader = 88;

/** Where the signature is, and how long the room for it. */
export function signaturePlace(file: MachO): { begin: number; size: number } {
  const command = onlyCommand(file, 'LC_CODE_SIGNATURE');
  return { begin: command.readUInt32LE(8), size: command.readUInt32LE(12) };
}

/**
 * The signature that the linker writes for the pages as they are, whole: every byte of it is known, because an ad-hoc signature
 * depends on nothing but pages and name.
 */
export function expectedSignature(file: MachO, identifier: string): Buffer {
  const { begin, size } = signaturePlace(file);
  const code = file.bytes.subarray(0, begin);
  const pages = Math.ceil(begin / pageSize);
  const hashesAt = directoryHeader + Buffer.byteLength(identifier) + 1;
  const directory = Buffer.alloc(hashesAt + pages * hashSize);
  const text = file.segments.find(({ name }) => name === '__TEXT');
  const fields = [codeDirectoryMagic, directory.length, codeDirectoryVersion, adHocByLinker];
  fields.push(hashesAt, directoryHeader, 0, pages, begin);
  fields.forEach((value, index) => {
    directory.writeUInt32BE(value, 4 * index);
  });
  directory.set([hashSize, sha256Kind, 0, pageShift], 36);
  directory.writeBigUInt64BE(BigInt(text?.begin ?? 0), 64);
  directory.writeBigUInt64BE(BigInt(text ? text.end - text.begin : 0), 72);
  directory.write(identifier, directoryHeader);
  for (let page = 0; page < pages; page++) {
    directory.set(hash(code.subarray(page * pageSize, (page + 1) * pageSize)), hashesAt + page * hashSize);
  }
  const whole = Buffer.alloc(Math.max(size, superBlobHeader + directory.length));
  [superBlobMagic, superBlobHeader + directory.length, 1, 0, superBlobHeader].forEach((value, index) => {
    whole.writeUInt32BE(value, 4 * index);
  });
  whole.set(directory, superBlobHeader);
  return whole;
}

/** What is wrong with the signature; empty when nothing is. */
export function signatureProblems(file: MachO, identifier: string): string[] {
  const { begin, size } = signaturePlace(file);
  if (begin + size !== file.bytes.length) return [`ends at ${begin + size}, the file at ${file.bytes.length}`];
  const found = file.bytes.subarray(begin);
  const expected = expectedSignature(file, identifier);
  if (found.equals(expected)) return [];
  const hashesAt = superBlobHeader + directoryHeader + Buffer.byteLength(identifier) + 1;
  if (found.length !== expected.length || !found.subarray(0, hashesAt).equals(expected.subarray(0, hashesAt))) {
    return ["its header is not that of a linker's ad-hoc signature of this file"];
  }
  const wrong = Array.from({ length: Math.ceil(begin / pageSize) }, (_, page) => page).filter((page) => {
    const at = hashesAt + page * hashSize;
    return !found.subarray(at, at + hashSize).equals(expected.subarray(at, at + hashSize));
  });
  return wrong.length > 0
    ? [`the hash of page ${wrong.join(', ')} is another`]
    : ['there is more behind the last hash'];
}

const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
