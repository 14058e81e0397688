import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMilliseconds = 200;

/** Runs `action` while no other process holds the lock file; `waiting` is called once when another one does. */
export async function withLock(file, action, waiting = () => {}) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  let told = false;
  while (!take(file)) {
    const holder = readHolder(file);
    if (holder && !isAlive(holder)) {
      removeStale(file, holder);
      continue;
    }
    if (!told && holder) waiting(holder.pid);
    told ||= Boolean(holder);
    await sleep(pollMilliseconds);
  }
  try {
    return await action();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

/** The holder is written before the name appears, so that no reader sees an empty lock. */
function take(file) {
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, JSON.stringify({ pid: process.pid, host: os.hostname() }));
  try {
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

function readHolder(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A holder on another host that shares this folder cannot be looked at, so it counts as alive. */
function isAlive({ pid, host }) {
  if (host !== os.hostname()) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Two waiters may see the same dead holder: the one that renames first removes it, the other puts back what it took. */
function removeStale(file, dead) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return;
  }
  const taken = readHolder(aside);
  if (taken && taken.pid !== dead.pid) {
    try {
      fs.linkSync(aside, file);
    } catch {
      // A third process has the lock by now; both finish, one after the other in the worst case side by side.
    }
  }
  fs.rmSync(aside, { force: true });
}
