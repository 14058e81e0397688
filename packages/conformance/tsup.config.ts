import { libraryBuild } from '@fa-metal/tsconfig/tsup';

export default libraryBuild({ entry: ['src/index.ts', 'src/cli.ts'] });
