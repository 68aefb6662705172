'use client';
import type { Changes } from '#server/domain/views/changes.ts';
import { count } from '../ui/format.ts';
import { type Folder, nameOf } from './tree.ts';

export type ChangedFile = Changes['files'][number];
const letters = { added: 'A', deleted: 'D', renamed: 'R', modified: 'M' } as const;
export const kindWords = { added: 'new', deleted: 'deleted', renamed: 'renamed', modified: '' } as const;

interface TreeProps {
  folder: Folder<ChangedFile>;
  at: string | null;
  /** Comments that are not sent yet, by file. */
  remarks: Map<string, number>;
  onPick: (path: string) => void;
}

/** The changed files by folder; a folder that holds only one folder stands with it in one line. */
export function FileTree(props: TreeProps) {
  return (
    <nav className="tree" aria-label="Changed files">
      <Branch {...props} />
    </nav>
  );
}

function Branch({ folder, at, remarks, onPick }: TreeProps) {
  return (
    <ul>
      {folder.folders.map((f) => (
        <li key={f.path}>
          <details open>
            <summary className="cut" title={f.path}>
              {f.name}
            </summary>
            <Branch folder={f} at={at} remarks={remarks} onPick={onPick} />
          </details>
        </li>
      ))}
      {folder.files.map((f) => (
        <li key={f.path}>
          <button
            type="button"
            className="tree-file"
            aria-current={at === f.path ? 'true' : undefined}
            title={f.path}
            onClick={() => onPick(f.path)}
          >
            <b className={`n ${f.kind}`} title={kindWords[f.kind] || 'changed'}>
              {letters[f.kind]}
            </b>
            <span className="cut grow">{nameOf(f.path)}</span>
            {remarks.get(f.path) ? (
              <span className="tree-remarks n" title="Comments not sent yet">
                {remarks.get(f.path)}
              </span>
            ) : null}
            <span className="n plus">+{count(f.added)}</span>
            <span className="n minus">−{count(f.removed)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
