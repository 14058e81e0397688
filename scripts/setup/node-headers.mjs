import fs from 'node:fs';
import path from 'node:path';

/** node-gyp's option that names the headers of the running Node; empty where only node-gyp's own download can help. */
export function nodeHeaders() {
  const folder = path.resolve(fs.realpathSync(process.execPath), '../..');
  return fs.existsSync(path.join(folder, 'include/node/node_api.h')) ? [`--nodedir=${folder}`] : [];
}
