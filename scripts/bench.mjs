// `npm run bench [-- flags]`: sets up, then measures peers and ours side by side.
import { runPackageScript } from './lib/package-script.mjs';
import { main } from './lib/steps.mjs';

await main(() => runPackageScript('@fa-metal/benchmarks', 'benchmarks', 'bench'));
