// `npm run demo [-- flags]`: sets up, then trains the small GPT of benchmarks/demo.
import { runPackageScript } from './lib/package-script.mjs';
import { main } from './lib/steps.mjs';

await main(() => runPackageScript('@fa-metal/benchmarks', 'benchmarks', 'demo'));
