import fs from 'node:fs';
import path from 'node:path';

/**
 * Makes `folder` exist with all that `fill(temporary)` puts there, or not at all: other processes never see half of it.
 * Returns whether it had to be filled.
 */
export async function publishFolder(folder, fill) {
  if (fs.existsSync(folder)) return false;
  const temporary = `${folder}.part-${process.pid}`;
  fs.rmSync(temporary, { recursive: true, force: true });
  fs.mkdirSync(temporary, { recursive: true });
  try {
    await fill(temporary);
    fs.renameSync(temporary, folder);
  } catch (error) {
    // Another process was faster; its content is as good.
    if (!fs.existsSync(folder)) throw error;
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
  return true;
}

/** Replaces `file` in one step, so that a process that has the old one open keeps it. */
export function replaceFile(file, write) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.part-${process.pid}`;
  fs.rmSync(temporary, { force: true });
  write(temporary);
  fs.renameSync(temporary, file);
}
