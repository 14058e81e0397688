import { Command } from 'commander';
import { examine } from './doctor/examine.js';
import { printReport } from './doctor/print.js';
import { probeNative } from './doctor/probe.js';
import { runProbeProcess } from './doctor/run-probe.js';
import { addPlanCommand } from './plan/command.js';
import { packageVersion } from './version.js';

const program = new Command('fa-metal').description('Fused attention for Node.js').version(packageVersion);

program
  .command('doctor')
  .description('print what was found on this machine, run a self-check, and exit with 1 when something is broken')
  .option('--json', 'print JSON')
  .action(async ({ json }: { json?: boolean }) => {
    const report = await examine(process.cwd(), () => runProbeProcess([process.argv[1] as string, 'probe']));
    console.log(json ? JSON.stringify(report, undefined, 2) : printReport(report));
    process.exitCode = report.healthy ? 0 : 1;
  });

addPlanCommand(program);

program.command('probe', { hidden: true }).action(async () => {
  console.log(JSON.stringify(await probeNative()));
});

void program.parseAsync();
