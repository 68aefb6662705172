import { createHash } from 'node:crypto';
import { type Capability, capabilities } from '#server/domain/capabilities.ts';
import { matchesGlob } from '#server/domain/role-rules.ts';
import { Asked } from './asked.ts';
import { refused, type ToolContext } from './tools/tool.ts';

type Asking = Pick<ToolContext, 'allowed' | 'company' | 'rails' | 'step' | 'mask'>;

/** As much as a person reads before he says yes. */
const MOST_SHOWN = 8_000;

/** What he is asked about, whole; where it is longer, what is left out is counted and named by its hash. */
function shown(text: string): string {
  if (text.length <= MOST_SHOWN) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${text.slice(0, MOST_SHOWN)}\n… and ${text.length - MOST_SHOWN} more characters that are not shown here (SHA-256 of all: ${hash}…)`;
}

/** Lets a call through that needs no capability, or that the human allowed; refuses what he never allows, asks him otherwise. */
export function permit(c: Asking, capability: Capability | null, what: string): void {
  if (capability === null || c.allowed()) return;
  const mode = c.rails.modes[capability] ?? 'ask';
  if (mode === 'allow') return;
  if (mode === 'never')
    refused(
      `no agent does this in this project: it ${capabilities[capability]}`,
      'Say in the report what is left for a human to do.',
    );
  throw asked(c, `which ${capabilities[capability]}`, what);
}

/** The same for a file that one of the owner's rails names. */
export function permitPath(c: Asking, path: string, what: string): void {
  const rail = c.rails.paths.find((p) => matchesGlob(path, p.glob, 'fold'));
  if (rail && !c.allowed()) throw asked(c, `which the rail "${rail.rail}" holds (${rail.reason})`, what);
}

const asked = (c: Asking, why: string, what: string) =>
  new Asked(
    'permission',
    `${c.company}'s ${c.step.role} wants to do this, ${why}:\n\n${shown(c.mask(what))}`,
  );
