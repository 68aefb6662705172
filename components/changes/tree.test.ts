import { describe, expect, it } from 'vitest';
import { inOrder, treeOf } from './tree.ts';

const files = ['z.md', 'server/engine/b.ts', 'server/engine/data/a.ts', 'a.md', 'app/x/y/z.css'].map(
  (path) => ({
    path,
  }),
);

describe('the tree of changed files', () => {
  it('writes a folder that holds only one folder in one line', () => {
    const tree = treeOf(files);
    expect(tree.folders.map((f) => f.name)).toEqual(['app/x/y', 'server/engine']);
    expect(tree.folders[1]?.folders.map((f) => [f.name, f.path])).toEqual([['data', 'server/engine/data']]);
  });

  it('shows folders first, and says in which order its files stand', () => {
    expect(inOrder(treeOf(files)).map((f) => f.path)).toEqual([
      'app/x/y/z.css',
      'server/engine/data/a.ts',
      'server/engine/b.ts',
      'a.md',
      'z.md',
    ]);
  });
});
