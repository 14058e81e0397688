import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

/**
 * Extracts entries of a zip, wheel or jar file. `destination(name)` says where an entry goes; undefined leaves it out.
 * The zip library is loaded late, because it is there only once dependencies are installed.
 */
export async function unzip(file, destination) {
  const { default: yauzl } = await import('yauzl');
  const archive = await promisify(yauzl.open)(file, { lazyEntries: true });
  const openEntry = promisify(archive.openReadStream.bind(archive));
  await new Promise((resolve, reject) => {
    archive.on('error', reject).on('end', resolve);
    archive.on('entry', (entry) => {
      extract(entry, openEntry, destination).then(() => archive.readEntry(), reject);
    });
    archive.readEntry();
  });
}

async function extract(entry, openEntry, destination) {
  const target = destination(entry.fileName);
  if (!target) return;
  fs.mkdirSync(path.dirname(target), { recursive: true });
  await pipeline(await openEntry(entry), fs.createWriteStream(target));
}
