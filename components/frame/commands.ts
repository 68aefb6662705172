'use client';
import { useEffect, useRef } from 'react';

/** One thing that can be done, as the palette offers it. */
export interface PageCommand {
  name: string;
  /** The key that does the same where the page is shown. */
  key?: string;
  /** It only changes what is looked at. */
  view?: boolean;
  act: () => void;
}

// Every part of the page that offers something, in the order in which they appeared.
const offers = new Set<{ current: readonly PageCommand[] }>();

/** What changes the work stands before what changes the view. */
const order = (c: PageCommand) => (c.view ? 1 : 0);

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
  return [...offers].flatMap((o) => o.current).sort((a, b) => order(a) - order(b));
}
