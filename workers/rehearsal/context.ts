import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { bareModel, type FaultPlan } from './faults.ts';
import type { Scenario } from './scenarios.ts';

export interface RehearsalOptions {
  scenarios: string;
  /** Milliseconds a turn takes, so that a person can watch. */
  paceMs: number;
  models: string[];
  /** The model its llama-server half has loaded; the first of `models` unless told. */
  llama?: string;
  /** Pause between two bytes of an answer that drips. */
  dripMs?: number;
}

/** What one rehearsal server knows. Answers depend on none of it but the scenarios. */
export interface Context {
  o: RehearsalOptions;
  scenarios: Scenario[];
  installed: Set<string>;
  lastUse: Map<string, number>;
  faults: FaultPlan;
  /** Beginnings of prompts that were sent before: what a cloud would have in its cache. */
  cached: Set<string>;
}

export interface Request {
  ctx: Context;
  req: IncomingMessage;
  res: ServerResponse;
  method: string;
  path: string;
  raw: string;
  body: Body;
}

export type Body = Record<string, unknown>;

/** One protocol's endpoints: true when the request was for it. */
export type Protocol = (r: Request) => Promise<boolean> | boolean;

export const CONTEXT_LENGTH = 32_768;
export const EMBEDDERS = /bge|embed|minilm/i;
/** Models that think aloud before they answer. */
export const THINKERS = /think|reason|\br1\b/i;

export const isInstalled = (ctx: Context, name: string): boolean => {
  const bare = bareModel(name);
  return ctx.installed.has(bare) || ctx.installed.has(`${bare}:latest`);
};

export function json(res: ServerResponse, status: number, body: unknown, headers: Body = {}): void {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...(headers as object) });
  res.end(JSON.stringify(body));
}

/** Deterministic vectors: the same words are near each other, which is all a rehearsal of search needs. */
export function vectorsOf(inputs: string[]): number[][] {
  return inputs.map((text) => {
    const v = Array.from({ length: 1_024 }, () => 0);
    for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
      const h = createHash('sha256').update(word).digest();
      for (let i = 0; i < 8; i++) v[h.readUInt16BE(i * 2) % 1_024]! += 1;
    }
    const norm = Math.hypot(...v) || 1;
    return v.map((x) => x / norm);
  });
}
