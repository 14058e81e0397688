import { openSoftwareDevice } from './metal-adapters.js';
import { testConformance } from './metal-suite.js';
import { testWholeTable } from './metal-table.js';

const device = openSoftwareDevice('apple9');
testConformance(device);
testWholeTable(device);
