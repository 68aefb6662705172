import type { PipelineNode, PipelineView } from '#server/domain/views/pipeline.ts';

/** What can be done to a node of a pipeline; `says` is the consequence, before it is done. */
export const acts = {
  only: {
    name: 'Run again, only this',
    title: 'Run it again?',
    says: 'It begins anew as a whole chain. What waited for it stays as it is.',
    yes: 'Run again',
  },
  following: {
    name: 'Run again with what follows',
    title: 'Run it and all that waits for it again?',
    says: 'It and everything that waits for it, directly or not, begins anew in order. What has been merged stays merged until then.',
    yes: 'Run all of it again',
  },
  failed: {
    name: 'Run again what failed',
    title: 'Run again what failed or was cancelled?',
    says: 'Each begins anew; what is done stays done.',
    yes: 'Run again',
  },
  skip: {
    name: 'Skip',
    title: 'Skip it?',
    says: 'No agent will work on it, and that is final. What waited for it goes on once what it waited for is there.',
    yes: 'Skip it',
  },
  stage: {
    name: 'Skip this stage',
    title: 'Skip this stage?',
    says: 'The chain ends without it. The stages that guard the merge cannot be skipped.',
    yes: 'Skip the stage',
  },
  before: {
    name: 'Add a task before it',
    title: 'Add a task before it',
    says: 'It is routed like every task. This one will wait for it.',
    yes: 'Add it',
  },
  after: {
    name: 'Add a task after it',
    title: 'Add a task after it',
    says: 'It is routed like every task, and starts when this one is merged or done.',
    yes: 'Add it',
  },
  order: {
    name: 'Change what it waits for',
    title: 'What shall it wait for?',
    says: 'It starts when all of these are merged or done.',
    yes: 'Save the order',
  },
} as const;
export type Act = keyof typeof acts;

const over = ['DONE', 'FAILED', 'CANCELLED'];
const optional = ['OPS', 'DOCS'];

/** What the state of a node allows; the server has the last word. */
export function allowedActs(node: PipelineNode, view: PipelineView): Act[] {
  const chain = view.chains.find((c) => c.id === node.chainId);
  if (node.planned)
    return chain && node.stage && optional.includes(node.stage) && chain.state !== 'CANCELLED'
      ? ['stage']
      : [];
  const root = view.nodes.find((n) => n.taskId === chain?.rootTaskId) ?? node;
  const ended = chain
    ? chain.state === 'FINISHED' || chain.state === 'CANCELLED'
    : over.includes(node.state ?? '');
  const unbegun =
    (root.state === 'OPEN' || root.state === 'QUEUED') &&
    root.attempts.length === 0 &&
    root.startedAt === null;
  return [
    ...(ended && root.state !== 'SKIPPED' ? (['only', 'following'] as const) : []),
    ...(unbegun ? (['skip', 'order', 'before'] as const) : []),
    'after',
  ];
}
