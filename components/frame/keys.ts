'use client';
import { useEffect, useRef } from 'react';

/** Keys by name: "c", "/", "g b" (one after the other), "mod+k", "mod+enter", "escape". */
export type Keymap = Record<string, (e: KeyboardEvent) => void>;

let pending = '';
let pendingUntil = 0;

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input, textarea, select, [role="textbox"]'))
  );
}

function nameOf(e: KeyboardEvent): string {
  const key = e.key.length === 1 ? e.key.toLowerCase() : e.key.toLowerCase();
  return e.metaKey || e.ctrlKey ? `mod+${key}` : key;
}

/**
 * Binds keys while the component is on the page. Plain letters are left alone while somebody types or a dialog is
 * open; `mod+…` always works. `first`: before the frame's own keys, for a page that gives one of them another meaning.
 */
export function useKeys(map: Keymap, enabled = true, first = false): void {
  const latest = useRef(map);
  useEffect(() => {
    latest.current = map;
  });
  useEffect(() => {
    if (!enabled) return;
    const onKey = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.altKey) return;
      const name = nameOf(e);
      const plain = !name.startsWith('mod+');
      if (plain && (typing(e.target) || (document.querySelector('[role="dialog"]') && name !== 'escape')))
        return;
      const sequence = pending && Date.now() < pendingUntil ? `${pending} ${name}` : '';
      const run = (sequence && latest.current[sequence]) || (sequence ? undefined : latest.current[name]);
      if (!run) return;
      e.preventDefault();
      run(e);
    };
    addEventListener('keydown', onKey, first);
    return () => removeEventListener('keydown', onKey, first);
  }, [enabled, first]);
}

/** Remembers a `g` for a second, so that `g b` can follow. Called once, by the frame, after every other listener. */
export function rememberPrefix(e: KeyboardEvent): void {
  if (typing(e.target) || e.metaKey || e.ctrlKey || e.altKey) return;
  pending = e.key === 'g' ? 'g' : '';
  pendingUntil = Date.now() + 1000;
}
