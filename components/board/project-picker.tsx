'use client';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTRPC } from '../live/trpc.ts';

const folder = 'folder:';
const remembered = 'alai-project';

/** Which project new tasks go to: an existing one, a folder, or none yet. The last choice is remembered. */
export function useProjectChoice() {
  const trpc = useTRPC();
  const projects = useQuery(trpc.projects.list.queryOptions());
  const [picked, setPicked] = useState<string | null>(() =>
    typeof localStorage === 'undefined' ? null : localStorage.getItem(remembered),
  );
  const [path, setPath] = useState('');
  const list = projects.data ?? [];
  const known = picked === '' || picked === folder || list.some((p) => p.id === picked);
  const chosen = known ? (picked ?? '') : (list[0]?.id ?? '');
  const pick = (value: string) => {
    setPicked(value);
    if (value !== folder) localStorage.setItem(remembered, value);
  };
  return {
    list,
    chosen,
    pick,
    path,
    setPath,
    isFolder: chosen === folder,
    /** What the request carries: an id, a folder path, or null for the Inbox. */
    value: chosen === folder ? path.trim() || null : chosen || null,
  };
}

export function ProjectPicker({ choice }: { choice: ReturnType<typeof useProjectChoice> }) {
  const from = choice.list.find((p) => p.id === choice.chosen)?.url;
  return (
    <>
      {from ? (
        <span className="m cut" title={`Cloned from ${from}`}>
          Cloned: accepted work stays here, nothing is pushed back
        </span>
      ) : null}
      {choice.isFolder ? (
        <input
          className="field small w-56"
          aria-label="Folder or address of the repository"
          placeholder="/home/you/repo or https://…/repo.git"
          value={choice.path}
          spellCheck={false}
          onChange={(e) => choice.setPath(e.target.value)}
        />
      ) : null}
      <label>
        Project
        <select className="field small" value={choice.chosen} onChange={(e) => choice.pick(e.target.value)}>
          {choice.list.map((p) => (
            <option key={p.id} value={p.id}>
              {p.name}
            </option>
          ))}
          <option value={folder}>A folder or an address</option>
          <option value="">None yet, keep in the Inbox</option>
        </select>
      </label>
    </>
  );
}
