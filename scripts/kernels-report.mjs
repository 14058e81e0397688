// `npm run kernels:report [-- flags]`: sets up, then says what can be said about the Metal kernels without a GPU.
import { runPackageScript } from './lib/package-script.mjs';
import { main } from './lib/steps.mjs';

await main(() => runPackageScript('@fa-metal/kernels', 'kernels', 'report'));
