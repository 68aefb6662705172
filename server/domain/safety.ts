import { z } from 'zod';
import { type Capability, capabilityNames } from './capabilities.ts';

/** The owner's own rails: what is held besides the patterns of safety.yaml, and what agents may do without asking. */

const phrase = z
  .string()
  .trim()
  .min(2)
  .max(120)
  .refine((s) => /[\p{L}\p{N}]{2}/u.test(s), 'needs at least two letters');

export const railSchema = z
  .strictObject({
    name: z
      .string()
      .trim()
      .regex(/^[\p{L}\p{N}][\p{L}\p{N} -]{1,39}$/u, 'is 2 to 40 letters, digits, blanks and hyphens'),
    /** Why only a person may let this through; the question shows it. */
    reason: z.string().trim().min(3).max(200),
    /** Phrases, in any language. `*` ends a word in any way; `+` stands between things in any order. */
    words: z.array(phrase).max(60).default([]),
    /** Phrases that free a sentence again. */
    unless: z.array(phrase).max(40).default([]),
    labels: z.array(z.string().trim().min(1).max(40)).max(30).default([]),
    /** Files: named in the task, or about to be written by an agent. */
    paths: z.array(z.string().trim().min(1).max(200)).max(40).default([]),
    /** Where it counts; null everywhere. */
    projectId: z.string().max(200).nullable().default(null),
  })
  .refine((r) => r.words.length + r.labels.length + r.paths.length > 0, {
    message: 'Name at least one phrase, label or path.',
    path: ['words'],
  });
export type Rail = z.infer<typeof railSchema>;

const savedRailSchema = z.object({
  ...railSchema.shape,
  id: z.number(),
  version: z.number(),
  changedBy: z.string(),
  changedAt: z.date(),
});
export type SavedRail = z.infer<typeof savedRailSchema>;

export const capabilityModes = ['ask', 'allow', 'never'] as const;
export type CapabilityMode = (typeof capabilityModes)[number];

/** What an attempt may do in its project, as it was when the attempt was claimed. */
export interface WorkRails {
  modes: Partial<Record<Capability, CapabilityMode>>;
  /** Files that ask first, and the rail that says so. */
  paths: { glob: string; rail: string; reason: string }[];
}

export const heldSchema = z.object({ pattern: z.string(), reason: z.string() }).nullable();

/** What a change of the rails would do to the last tasks. */
export const railEffectSchema = z.object({
  /** How many were looked at. */
  tasks: z.number(),
  held: z.array(z.object({ id: z.number(), title: z.string(), pattern: z.string() })),
  freed: z.array(z.object({ id: z.number(), title: z.string(), pattern: z.string() })),
  /** How many this rail holds in all. */
  holds: z.number(),
});
export type RailEffect = z.infer<typeof railEffectSchema>;

export const safetyViewSchema = z.object({
  rails: z.array(savedRailSchema),
  patterns: z.array(
    z.object({
      name: z.string(),
      reason: z.string(),
      /** Projects where it does not count; '' is everywhere. */
      offIn: z.array(z.string()),
    }),
  ),
  capabilities: z.array(
    z.object({
      capability: z.enum(capabilityNames),
      projectId: z.string(),
      mode: z.enum(capabilityModes),
      by: z.string(),
      at: z.date(),
    }),
  ),
  projects: z.array(z.object({ id: z.string(), name: z.string() })),
  /** How many of the last tasks each pattern or rail holds. */
  counts: z.record(z.string(), z.number()),
  tasks: z.number(),
});
export type SafetyView = z.infer<typeof safetyViewSchema>;
