import { spawn } from 'node:child_process';
import type { ProbeReport } from './probe.js';

export type RunProbe = () => Promise<ProbeReport>;

/** Runs `arguments_` of this Node, which prints a ProbeReport; a process that dies becomes a failure in the report. */
export async function runProbeProcess(arguments_: readonly string[]): Promise<ProbeReport> {
  const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ending = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  try {
    return JSON.parse(output.stdout) as ProbeReport;
  } catch {
    const message = `The native binary ended its process with ${ending}. ${output.stderr.trim().slice(-500)}`;
    return { attempts: [], failure: { code: 'INTERNAL', message: message.trim() } };
  }
}
