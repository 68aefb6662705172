'use client';
import { useEffect, useState } from 'react';
import { z } from 'zod';
import { type LineComment, lineCommentSchema } from '#server/domain/views/send-back.ts';

/** A remark that is not sent yet, with the side it was made on. */
export interface Remark extends LineComment {
  key: string;
  side: 'old' | 'fresh';
}

const stored = z.array(lineCommentSchema.extend({ key: z.string(), side: z.enum(['old', 'fresh']) }));
const nameOf = (taskId: number) => `alai-remarks-${taskId}`;

function read(taskId: number): Remark[] {
  try {
    return stored.parse(JSON.parse(localStorage.getItem(nameOf(taskId)) ?? '[]'));
  } catch {
    return [];
  }
}

/** Remarks on a task's changes: kept on this machine until they are sent, so that a closed tab loses none. */
export function useRemarks(taskId: number) {
  const [remarks, setRemarks] = useState<Remark[]>([]);
  useEffect(() => setRemarks(read(taskId)), [taskId]);
  const save = (next: Remark[]) => {
    setRemarks(next);
    try {
      if (next.length > 0) localStorage.setItem(nameOf(taskId), JSON.stringify(next));
      else localStorage.removeItem(nameOf(taskId));
    } catch {
      // Where nothing can be stored they live as long as the page.
    }
  };
  return {
    remarks,
    put: (remark: Remark) => save([...remarks.filter((r) => r.key !== remark.key), remark]),
    drop: (key: string) => save(remarks.filter((r) => r.key !== key)),
    clear: () => save([]),
  };
}
