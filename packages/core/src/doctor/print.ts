import type { KernelCheck } from '../types.js';
import type { DoctorReport } from './examine.js';
import type { HostLibrary } from './hosts.js';
import type { ProbeAttempt } from './probe.js';

/** The report for people: one fact a line, problems last. */
export function printReport(report: DoctorReport): string {
  const { platform, device, selfCheck } = report;
  const system = `${platform.os}-${platform.arch}${platform.libc ? `, ${platform.libc}` : ''}`;
  const lines = [
    ['fa-metal', report.version],
    ['platform', system],
    ['processor', `${platform.cpu}, ${platform.cores} cores`],
    ['node', platform.node],
    ...Object.entries(report.environment),
    ...report.attempts.map(printAttempt),
    ...(report.instructionSets ? [['instruction sets', report.instructionSets.join(', ')]] : []),
    ...(device ? [['device', printDevice(device)]] : []),
    ...(selfCheck ? [['self-check', printSelfCheck(selfCheck)]] : []),
    ...(device?.kernelChecks ?? []).map((check) => ['kernel', printKernelCheck(check)]),
    ...report.hosts.map(printHost),
  ] as [string, string][];
  const widest = Math.max(...lines.map(([label]) => label.length));
  const findings = [
    ...report.warnings.map(({ what, remedy }) => `Warning: ${what}\n  ${remedy}`),
    ...report.problems.map(({ what, remedy }) => `Problem: ${what}\n  What to do: ${remedy}`),
  ];
  const verdict = report.healthy ? 'Everything works.' : 'Something is broken; see above.';
  return [...lines.map(([label, text]) => `${label.padEnd(widest)}  ${text}`), ...findings, verdict].join('\n');
}

function printAttempt({ source, path, outcome, error }: ProbeAttempt): [string, string] {
  return [`binary, ${source}`, `${path}: ${outcome}${error ? ` (${error})` : ''}`];
}

function printDevice({ backend, name, software, isa, family, threads }: NonNullable<DoctorReport['device']>): string {
  const count = threads > 0 && `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  const details = [software && 'software', isa, family, count];
  return `${backend}: ${name} (${details.filter(Boolean).join(', ')})`;
}

function printSelfCheck({ passed, deviations, bound, milliseconds }: NonNullable<DoctorReport['selfCheck']>): string {
  const largest = Object.entries(deviations).map(
    ([name, value]) => `${name} ${value?.toExponential(1) ?? 'not finite'}`,
  );
  return `${passed ? 'passed' : 'FAILED'} in ${milliseconds.toFixed(0)} ms; deviations ${largest.join(', ')}; bound ${bound}`;
}

function printKernelCheck({ kernel, dtype, headDim, valueDim, passed, deviation, bound }: KernelCheck): string {
  const verdict = passed ? 'agrees with the cpu backend' : 'FAILED and is not used';
  return `${kernel}, ${dtype}, D ${headDim}, Dv ${valueDim}: ${verdict}; deviation ${deviation?.toExponential(1) ?? 'not finite'}; bound ${bound}`;
}

function printHost({ name, found, version, native }: HostLibrary): [string, string] {
  if (!found) return [name, 'not installed here'];
  return [name, `${version}${native?.loads ? ` (${native.says})` : ''}`];
}
