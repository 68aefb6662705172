import { type Capability, capabilities } from '#server/domain/capabilities.ts';
import { Asked } from './asked.ts';
import type { ToolContext } from './tools/tool.ts';

/** Lets a call through that needs no capability, or that the human allowed; asks him otherwise. */
export function permit(
  c: Pick<ToolContext, 'allowed' | 'company' | 'step'>,
  capability: Capability | null,
  what: string,
): void {
  if (capability === null || c.allowed()) return;
  throw new Asked(
    'permission',
    `${c.company}'s ${c.step.role} wants to do this, which ${capabilities[capability]}:\n\n${what}`,
  );
}
