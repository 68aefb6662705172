'use client';
import { useEffect, useRef } from 'react';

/** One thing that can be done, as the palette offers it. */
export interface PageCommand {
  name: string;
  /** The key that does the same where the page is shown. */
  key?: string;
  act: () => void;
}

// Every part of the page that offers something, in the order in which they appeared.
const offers = new Set<{ current: readonly PageCommand[] }>();

/** Offers what can be done here in the palette too, for as long as the component is on the page. */
export function useCommands(commands: readonly PageCommand[]): void {
  const latest = useRef(commands);
  useEffect(() => {
    latest.current = commands;
  });
  useEffect(() => {
    offers.add(latest);
    return () => void offers.delete(latest);
  }, []);
}

/** What the page that is shown offers at this moment. */
export function pageCommands(): PageCommand[] {
  return [...offers].flatMap((o) => o.current);
}
