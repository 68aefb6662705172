'use client';
import { type PointerEvent, useRef, useState } from 'react';

/** How far a finger must go, so that a scroll or a slip decides nothing. */
const FAR = 110;
const NOTICED = 10;

/** A card that follows the finger sideways; up and down stays scrolling. Calls back when it was let go far enough. */
export function useSwipe(enabled: boolean, on: { right: () => void; left: () => void }) {
  const start = useRef<{ x: number; y: number } | null>(null);
  const [dx, setDx] = useState(0);
  const end = (act: boolean) => {
    start.current = null;
    const went = dx;
    setDx(0);
    if (!act || Math.abs(went) < FAR) return;
    if (went > 0) on.right();
    else on.left();
  };
  return {
    dx,
    far: Math.abs(dx) >= FAR,
    handlers: {
      onPointerDown: (e: PointerEvent<HTMLElement>) => {
        if (!enabled || (e.target as HTMLElement).closest('button, textarea, a')) return;
        start.current = { x: e.clientX, y: e.clientY };
      },
      onPointerMove: (e: PointerEvent<HTMLElement>) => {
        const from = start.current;
        if (!from) return;
        const x = e.clientX - from.x;
        if (dx === 0 && (Math.abs(x) < NOTICED || Math.abs(x) < Math.abs(e.clientY - from.y))) return;
        if (!e.currentTarget.hasPointerCapture(e.pointerId)) e.currentTarget.setPointerCapture(e.pointerId);
        setDx(x);
      },
      onPointerUp: () => end(true),
      onPointerCancel: () => end(false),
    },
  };
}
