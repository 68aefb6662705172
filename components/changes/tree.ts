/** A folder with what changed below it. A folder that holds only one folder is written with it: `server/engine`. */
export interface Folder<F> {
  name: string;
  path: string;
  folders: Folder<F>[];
  files: F[];
}

/** The changed files as a tree, folders first, each in order of their names. */
export function treeOf<F extends { path: string }>(files: F[]): Folder<F> {
  const root: Folder<F> = { name: '', path: '', folders: [], files: [] };
  for (const file of files) {
    let at = root;
    for (const name of file.path.split('/').slice(0, -1)) {
      const path = at.path ? `${at.path}/${name}` : name;
      let next = at.folders.find((f) => f.name === name);
      if (!next) {
        next = { name, path, folders: [], files: [] };
        at.folders.push(next);
      }
      at = next;
    }
    at.files.push(file);
  }
  return {
    ...root,
    folders: root.folders.map(collapse).sort(byName),
    files: root.files.sort((a, b) => a.path.localeCompare(b.path)),
  };
}

const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);

function collapse<F extends { path: string }>(folder: Folder<F>): Folder<F> {
  const only = folder.folders[0];
  if (folder.files.length === 0 && folder.folders.length === 1 && only)
    return collapse({ ...only, name: `${folder.name}/${only.name}` });
  return {
    ...folder,
    folders: folder.folders.map(collapse).sort(byName),
    files: [...folder.files].sort((a, b) => a.path.localeCompare(b.path)),
  };
}

/** The files in the order in which the tree shows them. */
export function inOrder<F>(folder: Folder<F>): F[] {
  return [...folder.folders.flatMap(inOrder), ...folder.files];
}

/** The last part of a path. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
