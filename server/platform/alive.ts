let underWay = false;

/**
 * Tells the process that started this one that it still does its work; says nothing where nobody listens. It is said after a piece of the
 * real work (an answer of the database, a round that ended), because a timer alone also ticks in a process that does nothing any more.
 */
export function sayAlive(): void {
  // One at a time: what a stopped listener does not take would pile up here.
  if (underWay || !process.connected || !process.send) return;
  underWay = true;
  process.send('alive', undefined, undefined, () => {
    underWay = false;
  });
}
