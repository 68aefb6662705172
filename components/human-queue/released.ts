'use client';
import { type RefObject, useEffect, useRef } from 'react';

const targetAt = (x: number, y: number): string | null =>
  document
    .elementsFromPoint(x, y)
    .map((e) => e.closest<HTMLElement>('[data-target]'))
    .find((e) => e !== null)?.dataset.target ?? null;

/**
 * The target that is on the screen where the pointer was let go: null for none, undefined while nothing was let go or a key did it. What
 * dnd-kit calls "over" is as old as the last picture: on a busy machine that is an answer which the pointer has only passed.
 */
export function useReleased(dragging: boolean): RefObject<string | null | undefined> {
  const released = useRef<string | null>(undefined);
  useEffect(() => {
    if (!dragging) return;
    released.current = undefined;
    const mouse = (e: MouseEvent) => {
      released.current = targetAt(e.clientX, e.clientY);
    };
    const touch = (e: TouchEvent) => {
      const finger = e.changedTouches[0];
      if (finger) released.current = targetAt(finger.clientX, finger.clientY);
    };
    // Before dnd-kit hears of it, which ends the drag.
    addEventListener('mouseup', mouse, true);
    addEventListener('touchend', touch, true);
    return () => {
      removeEventListener('mouseup', mouse, true);
      removeEventListener('touchend', touch, true);
    };
  }, [dragging]);
  return released;
}
