/** How accepted work meets the project's branch: decided from facts, without touching anything. */

export interface MergeFacts {
  /** Commit that was reviewed. */
  reviewed: string;
  /** The branch as it is now. */
  trunk: string;
  /** Where the two parted. */
  mergeBase: string;
  /** Files the reviewed work changed. */
  mine: string[];
  /** Files the branch changed since the two parted. */
  theirs: string[];
}

export type MergeDecision =
  | { kind: 'unchanged' }
  /** The branch stands where the work began: its tree is exactly what was reviewed. */
  | { kind: 'as-reviewed' }
  /** Others landed elsewhere: the patch is the same, but the whole was never tested. */
  | { kind: 'rebase' }
  /** Others touched the same files: even without a conflict, somebody has to look again. */
  | { kind: 'overlap'; files: string[] };

/** Decides the way; see DESIGN.md "Merge rule". */
export function decideMerge(f: MergeFacts): MergeDecision {
  if (f.mergeBase === f.reviewed || f.mine.length === 0) return { kind: 'unchanged' };
  if (f.mergeBase === f.trunk) return { kind: 'as-reviewed' };
  const theirs = new Set(f.theirs);
  const files = f.mine.filter((p) => theirs.has(p));
  return files.length === 0 ? { kind: 'rebase' } : { kind: 'overlap', files };
}
