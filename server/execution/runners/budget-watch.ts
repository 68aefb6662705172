import { isAlaiError } from '#server/domain/errors.ts';

/**
 * Looks while an agent runs whether the budgets cover what it used and its next call: it makes its calls itself, so nobody can
 * hold one back. One look at a time; what comes meanwhile is looked at with the next.
 */
export function budgetWatch(covered: () => Promise<void>): (end: (why: Error) => void) => void {
  let looking = false;
  let again = false;
  const look = async (end: (why: Error) => void) => {
    again = true;
    if (looking) return;
    looking = true;
    try {
      while (again) {
        again = false;
        await covered();
      }
    } catch (e) {
      // No other trouble of the database ends an agent: its lease does.
      if (isAlaiError(e)) end(e);
    } finally {
      looking = false;
    }
  };
  return (end) => void look(end);
}
