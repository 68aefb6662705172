'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Dialog } from 'radix-ui';
import { type FormEvent, useState } from 'react';
import { toast } from 'sonner';
import type { TaskView } from '#server/domain/views/task.ts';
import { tagsOf } from '../board/draft.ts';
import { ProjectPicker, useProjectChoice } from '../board/project-picker.tsx';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';

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
  const submit = (e: FormEvent) => {
    e.preventDefault();
    void save();
  };
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? null : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="palette-veil" />
        <Dialog.Content className="dialog float" aria-describedby={undefined}>
          <form onSubmit={submit} className="flex flex-col gap-3 p-4">
            <Dialog.Title>Edit #{task.id}</Dialog.Title>
            <input
              className="field"
              aria-label="Title"
              value={title}
              onChange={(e) => setTitle(e.target.value)}
            />
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
            <div className="flex justify-end gap-2">
              <Button hint="Esc" onClick={onClose}>
                Discard
              </Button>
              <Button type="submit" kind="primary" disabled={!title.trim() || pending}>
                {pending ? 'Saving' : 'Save'}
              </Button>
            </div>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
