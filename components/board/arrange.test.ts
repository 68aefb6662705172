import { describe, expect, it } from 'vitest';
import { board } from '../fixtures/board.ts';
import { type Arrangement, arrange, type Column } from './arrange.ts';

const none = new Set<Column>();
const keys = (a: Arrangement, c: Column) => a[c].map((x) => x.taskId);
const moved = (id: number, column: Column) =>
  board.cards.map((c) => (c.taskId === id ? { ...c, column } : c));

describe('what the board shows next', () => {
  const first = arrange(null, board.cards, none).shown;

  it('follows the server where nobody points', () => {
    const { shown, heldBack } = arrange(first, moved(4004, 'needs-you'), none);
    expect(keys(shown, 'needs-you')).toContain(4004);
    expect(keys(shown, 'working')).not.toContain(4004);
    expect(heldBack.working).toBe(0);
  });

  it('keeps a card under the pointer where it is, and counts the move', () => {
    const { shown, heldBack } = arrange(first, moved(4004, 'needs-you'), new Set<Column>(['working']));
    expect(keys(shown, 'working')).toEqual(keys(first, 'working'));
    expect(keys(shown, 'needs-you')).not.toContain(4004);
    expect(heldBack.working).toBe(1);
  });

  it('still changes the words of a held card, because they must be true', () => {
    const silent = board.cards.map((c) =>
      c.taskId === 4004 ? { ...c, status: { ...c.status, word: 'Silent' } } : c,
    );
    const { shown } = arrange(first, silent, new Set<Column>(['working']));
    expect(shown.working.find((c) => c.taskId === 4004)?.status.word).toBe('Silent');
  });

  it('lets nothing into a held column, and nothing get lost', () => {
    const { shown, heldBack } = arrange(first, moved(4016, 'working'), new Set<Column>(['working']));
    expect(keys(shown, 'working')).not.toContain(4016);
    expect(keys(shown, 'queued')).toContain(4016);
    expect(heldBack.working).toBe(1);
  });

  it('shows everything as soon as it is let go', () => {
    const incoming = moved(4004, 'needs-you');
    const held = arrange(first, incoming, new Set<Column>(['working'])).shown;
    const { shown, heldBack } = arrange(held, incoming, none);
    expect(keys(shown, 'needs-you')).toContain(4004);
    expect(heldBack.working).toBe(0);
  });
});
