import { libraryBuild } from '@fa-metal/tsconfig/tsup';

export default libraryBuild();
