import { type Check, fail, notApplicable, pass } from './check.ts';

/** 18: the agent was given reports of earlier work, and says on which of them it built; invented ones count against it. */
export const consulted: Check = async ({ earlier, report }) => {
  if (earlier.length === 0) return notApplicable('There is no earlier work in this pipeline.');
  const cited = [
    ...new Set((report?.consulted ?? []).flatMap((c) => [...c.matchAll(/#(\d+)/g)].map((m) => Number(m[1])))),
  ];
  const given = new Set(earlier);
  const invented = cited.filter((id) => !given.has(id));
  if (invented.length > 0)
    return fail(`It cites ${invented.map((i) => `#${i}`).join(', ')}, which it was not given`);
  if (cited.length === 0)
    return fail(
      `It was given ${earlier.length} report(s) and cites none. Name in consulted what you built on, e.g. #${earlier[0]}.`,
    );
  return pass(
    `It cites ${cited.map((i) => `#${i}`).join(', ')} of the ${earlier.length} report(s) it was given`,
  );
};
