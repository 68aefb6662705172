'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { DropdownMenu } from 'radix-ui';
import { useState } from 'react';
import { toast } from 'sonner';
import { may } from '#server/domain/permissions.ts';
import type { PipelineNode, PipelineView } from '#server/domain/views/pipeline.ts';
import { useCommands } from '../frame/commands.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { ActDialog, type Given } from './act-dialog.tsx';
import { type Act, acts, allowedActs } from './act-words.ts';

function useActs(pipelineId: number) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const onError = (e: unknown) => {
    const said = refusalOf(e);
    toast.error(said.message, { description: said.hint });
  };
  const onSuccess = () =>
    void queries.invalidateQueries({ queryKey: trpc.pipelines.get.queryKey({ id: pipelineId }) });
  const options = { onError, onSuccess };
  return {
    rerun: useMutation(trpc.graph.rerun.mutationOptions(options)),
    failed: useMutation(trpc.graph.rerunFailed.mutationOptions(options)),
    skip: useMutation(trpc.graph.skip.mutationOptions(options)),
    stage: useMutation(trpc.graph.skipStage.mutationOptions(options)),
    order: useMutation(trpc.graph.reorder.mutationOptions(options)),
    add: useMutation(trpc.graph.add.mutationOptions(options)),
  };
}

/** The menu of what can be changed at a node, and the question that asks for the reason. */
export function NodeActs({ node, view }: { node: PipelineNode | null; view: PipelineView }) {
  const trpc = useTRPC();
  const [act, setAct] = useState<Act | null>(null);
  const run = useActs(view.id);
  const chain = view.chains.find((c) => c.id === node?.chainId);
  const unit = chain?.rootTaskId ?? node?.taskId ?? 0;
  const task = useQuery(trpc.tasks.get.queryOptions({ id: unit }, { enabled: act === 'order' && unit > 0 }));
  const failed = view.counts.FAILED + view.counts.CANCELLED > 0;
  const allowed: Act[] = node ? allowedActs(node, view) : failed ? ['failed'] : [];
  const me = useQuery(trpc.me.get.queryOptions());
  const offered = me.data && !may(me.data.role, null, 'work') ? [] : allowed;
  useCommands(
    offered.map((a) => ({ name: `${acts[a].name}${unit ? `: #${unit}` : ''}`, act: () => setAct(a) })),
  );
  if (offered.length === 0) return null;

  const done = (words: string) => toast(words);
  const reorder = (waitsFor: number[], seen: number[], reason: string, undo: boolean) =>
    run.order.mutate(
      { taskId: unit, waitsFor, seen, reason },
      {
        onSuccess: () =>
          toast(`#${unit} has another place`, {
            action: undo
              ? { label: 'Undo', onClick: () => reorder(seen, waitsFor, `Undone: ${reason}`, false) }
              : undefined,
          }),
      },
    );
  const yes = (given: Given) => {
    const { reason } = given;
    switch (act) {
      case 'only':
      case 'following':
        run.rerun.mutate(
          { taskId: unit, mode: act, reason },
          { onSuccess: (m) => done(`Begins again: ${m.taskIds.map((n) => `#${n}`).join(', ')}`) },
        );
        break;
      case 'failed':
        run.failed.mutate(
          { id: view.id, reason },
          { onSuccess: (m) => done(`Begins again: ${m.taskIds.map((n) => `#${n}`).join(', ')}`) },
        );
        break;
      case 'skip':
        run.skip.mutate({ taskId: unit, reason }, { onSuccess: () => done(`#${unit} is skipped`) });
        break;
      case 'stage':
        if (chain && node?.stage)
          run.stage.mutate(
            { chainId: chain.id, stage: node.stage, reason },
            { onSuccess: () => done(`${node.stage} of #${unit} is skipped`) },
          );
        break;
      case 'before':
      case 'after':
        run.add.mutate(
          { taskId: unit, where: act, title: given.title, reason, idempotencyKey: given.key },
          { onSuccess: (m) => done(`#${m.taskId} is added`) },
        );
        break;
      case 'order':
        reorder(given.waitsFor, task.data?.dependsOn.map((d) => d.id) ?? [], reason, true);
        break;
      case null:
    }
    setAct(null);
  };

  return (
    <>
      {!node?.taskId && offered.length === 1 && offered[0] ? (
        <Button small onClick={() => setAct(offered[0] ?? null)}>
          {acts[offered[0]].name}
        </Button>
      ) : (
        <DropdownMenu.Root>
          <DropdownMenu.Trigger asChild>
            <Button small>Change</Button>
          </DropdownMenu.Trigger>
          <DropdownMenu.Portal>
            <DropdownMenu.Content className="menu float" align="end" sideOffset={4}>
              {offered.map((a) => (
                <DropdownMenu.Item key={a} className="menu-item" onSelect={() => setAct(a)}>
                  {acts[a].name}
                </DropdownMenu.Item>
              ))}
            </DropdownMenu.Content>
          </DropdownMenu.Portal>
        </DropdownMenu.Root>
      )}
      {act ? (
        <ActDialog
          act={act}
          view={view}
          unit={unit}
          waitsFor={act === 'order' ? (task.data?.dependsOn.map((d) => d.id) ?? null) : []}
          onClose={() => setAct(null)}
          onYes={yes}
        />
      ) : null}
    </>
  );
}
