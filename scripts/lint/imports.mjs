import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { includeFolders } from './layers.mjs';

/**
 * What a file imports or includes: [{ text, target }]. `target` is the file or folder of the repository that is meant, undefined for
 * what comes from outside.
 */
export function importsOf(root, file) {
  const text = fs.readFileSync(path.join(root, file), 'utf8');
  return /\.[cm]?[jt]s$/.test(file) ? scriptImports(root, file, text) : includes(root, file, text);
}

function scriptImports(root, file, text) {
  const folders = packageFolders(root);
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => {
    if (fileName.startsWith('.'))
      return { text: fileName, target: path.posix.join(path.posix.dirname(file), fileName) };
    const packageName = fileName.split('/', fileName.startsWith('@') ? 2 : 1).join('/');
    return { text: fileName, target: folders.get(packageName) };
  });
}

function includes(root, file, text) {
  return [...text.matchAll(/^[ \t]*#[ \t]*(?:include|import)[ \t]*[<"]([^>"]+)[>"]/gm)].map(([, name]) => {
    const candidates = [path.posix.dirname(file), ...includeFolders].map((folder) => path.posix.join(folder, name));
    return { text: name, target: candidates.find((candidate) => fs.existsSync(path.join(root, candidate))) };
  });
}

const foldersByRoot = new Map();

/** Names of the workspace's packages and where they are. */
function packageFolders(root) {
  if (!foldersByRoot.has(root)) {
    const folders = ['packages', 'adapters'].flatMap((parent) =>
      fs.readdirSync(path.join(root, parent)).map((name) => `${parent}/${name}`),
    );
    const manifests = folders.filter((folder) => fs.existsSync(path.join(root, folder, 'package.json')));
    const nameOf = (folder) => JSON.parse(fs.readFileSync(path.join(root, folder, 'package.json'), 'utf8')).name;
    foldersByRoot.set(root, new Map(manifests.map((folder) => [nameOf(folder), folder])));
  }
  return foldersByRoot.get(root);
}
