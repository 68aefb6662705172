'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import type { TaskView } from '#server/domain/views/task.ts';
import { tagsOf } from '../board/draft.ts';
import { ProjectPicker, useProjectChoice } from '../board/project-picker.tsx';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { AskDialog } from '../ui/ask-dialog.tsx';

/** Changes the words of a task, or gives it a project. An edit over a newer version is refused and says so. */
export function EditTask({ task, onClose }: { task: TaskView; onClose: () => void }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [title, setTitle] = useState(task.title);
  const [description, setDescription] = useState(task.description);
  const [priority, setPriority] = useState(task.priority);
  const [tags, setTags] = useState(task.tags.join(', '));
  const project = useProjectChoice();
  const needsProject = task.projectId === null;
  const edit = useMutation(trpc.tasks.edit.mutationOptions());
  const setProject = useMutation(trpc.tasks.setProject.mutationOptions());
  const failed = edit.error ?? setProject.error;
  const refusal = failed ? refusalOf(failed) : null;
  const pending = edit.isPending || setProject.isPending;
  const save = async () => {
    // Only what was changed: an edit of the text is routed anew and may be held anew.
    const patch = {
      ...(title.trim() === task.title ? {} : { title: title.trim() }),
      ...(description === task.description ? {} : { description }),
      ...(priority === task.priority ? {} : { priority }),
      ...(tagsOf(tags).join() === task.tags.join() ? {} : { tags: tagsOf(tags) }),
    };
    try {
      if (Object.keys(patch).length > 0)
        await edit.mutateAsync({ id: task.id, version: task.version, patch });
      if (needsProject && project.value)
        await setProject.mutateAsync({ id: task.id, project: project.value });
    } catch {
      // Shown as the refusal below.
      return;
    }
    toast(`#${task.id} changed`);
    void queries.invalidateQueries({ queryKey: [['tasks']] });
    onClose();
  };
  return (
    <AskDialog
      title={`Edit #${task.id}`}
      leave="Discard"
      yes={pending ? 'Saving' : 'Save'}
      ready={title.trim() !== '' && !pending}
      onClose={onClose}
      onYes={() => void save()}
    >
      <input className="field" aria-label="Title" value={title} onChange={(e) => setTitle(e.target.value)} />
      <textarea
        className="field"
        rows={5}
        aria-label="Description"
        placeholder="What the agent should know"
        value={description}
        onChange={(e) => setDescription(e.target.value)}
      />
      <div className="flex flex-wrap items-center gap-3">
        <label className="m flex items-center gap-2">
          Priority
          <select
            className="field small w-auto!"
            value={priority}
            onChange={(e) => setPriority(e.target.value as TaskView['priority'])}
          >
            <option value="H">High</option>
            <option value="M">Medium</option>
            <option value="L">Low</option>
          </select>
        </label>
        <label className="m flex items-center gap-2">
          Tags
          <input className="field small w-40" value={tags} onChange={(e) => setTags(e.target.value)} />
        </label>
      </div>
      {needsProject ? (
        <div className="m flex flex-wrap items-center gap-2 [&_label]:flex [&_label]:items-center [&_label]:gap-2">
          <ProjectPicker choice={project} />
        </div>
      ) : null}
      {refusal ? (
        <p className="text-failed" role="alert">
          {refusal.message} {refusal.hint}
        </p>
      ) : null}
    </AskDialog>
  );
}
