'use client';
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import { memo } from 'react';
import type { PipelineNode } from '#server/domain/views/pipeline.ts';
import { plural, span } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { Age } from '../ui/time.tsx';

export type StageNodeData = { node: PipelineNode; chosen: boolean; dim: boolean; onPath: boolean };

/** "2×" and the tiers that were tried: what it took, without opening it. */
function Tries({ node }: { node: PipelineNode }) {
  if (node.attempts.length < 2) return null;
  const tiers = [...new Set(node.attempts.map((a) => `T${a.tier}`))];
  const words = `${node.attempts.length} attempts: ${node.attempts.map((a) => `T${a.tier} ${a.state.toLowerCase()}`).join(', ')}`;
  return (
    <span className="n m tries" title={words}>
      {node.attempts.length}×{tiers.length > 1 ? ` ${tiers.at(0)}→${tiers.at(-1)}` : ''}
    </span>
  );
}
export type StageNode = Node<StageNodeData, 'stage'>;

function Detail({ node }: { node: PipelineNode }) {
  if (node.findings > 0) return <>· {plural(node.findings, 'finding')}</>;
  if (node.planned) return null;
  if (node.status.look === 'running' || node.status.look === 'yours' || node.status.look === 'stale')
    return node.status.since ? (
      <>
        · <Age since={node.status.since} />
      </>
    ) : null;
  if (node.startedAt && node.finishedAt)
    return <>· {span(node.finishedAt.getTime() - node.startedAt.getTime())}</>;
  return null;
}

/** 168 x 48: number and title / shape, word, age. A planned stage has no number yet. */
export const StageNodeView = memo(function StageNodeView({ data }: NodeProps<StageNode>) {
  const { node, chosen, dim, onPath } = data;
  const look = node.planned ? 'queued plan' : node.status.look;
  return (
    <div
      className={`dag-node ${look}${node.status.look === 'stale' ? ' hatched' : ''}${chosen ? ' chosen' : ''}${dim ? ' dim' : ''}${onPath ? ' on-path' : ''}`}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <div>
        {node.taskId === null ? null : <span className="n">#{node.taskId}</span>}
        <strong className="cut">{node.title}</strong>
      </div>
      <div>
        <span className={`chip ${node.status.look}`}>
          <Mark shape={node.planned ? 'queued' : node.status.look} />
          <b className="cut">{node.status.word}</b>
          <span className="flex-none">
            <Detail node={node} />
          </span>
        </span>
        <Tries node={node} />
      </div>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
});
