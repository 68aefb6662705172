import { getScrollableAncestors, type KeyboardCoordinateGetter } from '@dnd-kit/core';

const steps: Record<string, number> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** The arrow keys go from target to target, in the order they are shown; the first key goes to the first one. */
export const nextTarget: KeyboardCoordinateGetter = (event, { context }) => {
  const by = steps[event.code];
  if (by === undefined) return undefined;
  event.preventDefault();
  const targets = context.droppableContainers
    .getEnabled()
    .map((c) => ({ id: c.id, rect: c.node.current?.getBoundingClientRect(), node: c.node.current }))
    .filter((t) => t.rect !== undefined)
    .sort((a, b) => (a.rect?.top ?? 0) - (b.rect?.top ?? 0) || (a.rect?.left ?? 0) - (b.rect?.left ?? 0));
  if (targets.length === 0) return undefined;
  const at = targets.findIndex((t) => t.id === context.over?.id);
  const to =
    targets[at < 0 ? (by > 0 ? 0 : targets.length - 1) : (at + by + targets.length) % targets.length];
  const card = context.collisionRect;
  if (!to?.rect || !card) return undefined;
  if (to.node && getScrollableAncestors(to.node).length > 0) to.node.scrollIntoView({ block: 'nearest' });
  const rect = to.node?.getBoundingClientRect() ?? to.rect;
  return {
    x: rect.left + rect.width / 2 - card.width / 2,
    y: rect.top + rect.height / 2 - card.height / 2,
  };
};
