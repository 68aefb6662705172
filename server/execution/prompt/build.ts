import type { PromptPart } from '#server/domain/prompt.ts';
import type { Message } from '#server/models/provider.ts';
import { fence } from '../escape.ts';
import { type Mask, maskDeep } from './mask.ts';
import { type Part, type PromptInput, parts as registry } from './parts.ts';
import { tokensOf } from './tokens.ts';

/** What of a model's context the opening prompt may take; the rest is for the work itself. */
const SHARE = 0.6;
/** Never so little that a part says nothing. */
const LEAST = 120;

/**
 * The prompt of one step, from its named parts. Secrets are masked before anything is sent, so that what is stored and
 * shown is exactly what the model was told.
 */
export function buildPrompt(
  input: PromptInput,
  context: number,
  mask: Mask,
): { messages: Message[]; parts: PromptPart[] } {
  // Before anything is cut: half of a secret is one too, and is not recognised any more.
  const p = maskDeep(input, mask) as PromptInput;
  const make = (factor: number): PromptPart[] => registry.flatMap((part) => made(part, p, factor));
  let parts = make(1);
  const room = Math.floor(context * SHARE);
  const total = sum(parts.map((x) => x.tokens));
  if (total > room) {
    const fixed = sum(
      parts.filter((x) => registry.find((r) => r.name === x.name)?.fixed).map((x) => x.tokens),
    );
    const wanted = sum(
      registry.filter((r) => !r.fixed).map((r) => Math.min(r.budget, tokensFor(parts, r.name))),
    );
    parts = make(Math.max(0.02, (room - fixed) / Math.max(1, wanted)));
  }
  const said = (place: PromptPart['place']) =>
    parts
      .filter((x) => x.place === place)
      .map((x) => x.text)
      .join('\n\n');
  const messages: Message[] = [
    { role: 'system', content: said('system') },
    { role: 'user', content: said('user') },
  ];
  return { messages, parts };

  function tokensFor(all: PromptPart[], name: string): number {
    return all.find((x) => x.name === name)?.tokens ?? 0;
  }
}

function made(part: Part, p: PromptInput, factor: number): PromptPart[] {
  const used = factor < 1 && !part.fixed;
  const own = tokensOf(part.text(p, part.budget).text);
  // Where the context is small, each part gives in proportion to what it would take.
  const budget = used ? Math.max(LEAST, Math.floor(Math.min(own, part.budget) * factor)) : part.budget;
  const { text, trimmed } = part.text(p, budget);
  if (text === '') return [];
  const body = part.trusted ? text : fence(part.kind ?? part.name, text);
  const heading = part.heading?.(p);
  const whole = heading ? `${heading}\n\n${body}` : body;
  const why = trimmed && budget < part.budget ? `${trimmed}, because the model’s context is small` : trimmed;
  const { name, title, place, trusted } = part;
  return [{ name, title, place, trusted, tokens: tokensOf(whole), budget, trimmed: why, text: whole }];
}

const sum = (all: number[]): number => all.reduce((a, b) => a + b, 0);
