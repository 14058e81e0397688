import { readEnvironment } from '../environment.js';
import { type LoadAttempt, tryToLoad } from '../loader.js';
import { openDeviceSync } from '../open-device.js';
import type { DeviceInfo } from '../types.js';
import { type SelfCheck, selfCheck } from './self-check.js';

/** What came of loading the native binary, opening a device and computing on it; fit for JSON. */
export interface ProbeReport {
  attempts: ProbeAttempt[];
  path?: string;
  instructionSets?: string[];
  device?: DeviceInfo;
  selfCheck?: SelfCheck;
  /** What went wrong first, and what to do about it. */
  failure?: { code: string; message: string };
}

export type ProbeAttempt = Omit<LoadAttempt, 'error'> & { error?: string };

/** Does what can crash a process where a binary is bad; doctor runs it in a process of its own. */
export async function probeNative(): Promise<ProbeReport> {
  const report: ProbeReport = { attempts: [] };
  try {
    const { attempts, loaded, error } = tryToLoad(readEnvironment());
    report.attempts = attempts.map(({ error: reason, ...attempt }) => ({
      ...attempt,
      ...(reason && { error: reason.message }),
    }));
    if (!loaded) throw error;
    report.path = loaded.path;
    report.instructionSets = loaded.addon.instructionSets();
    const device = openDeviceSync();
    try {
      report.selfCheck = await selfCheck(device);
    } finally {
      report.device = device.info;
      device.close();
    }
  } catch (error) {
    const { code = 'INTERNAL', message } = error as { code?: string; message: string };
    report.failure = { code, message };
  }
  return report;
}
