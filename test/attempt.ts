import { afterAll } from 'vitest';
import { blueprintSchema } from '#server/domain/blueprint.ts';
import { createFactory, type Factory } from '#test/execution.ts';

/** A project that is tested, in one commit. Its tests share a process: they are small, and each process costs. */
export const node = {
  'package.json': JSON.stringify({
    name: 'demo',
    type: 'module',
    scripts: { test: 'node --test --test-isolation=none' },
  }),
  'README.md': '# demo\n',
};

/** What a puppet says: a call of a tool. */
export const call = (name: string, args: unknown = {}) => ({ name, arguments: args });
export const finish = call('finish', { summary: 'All of it is done and checked.' });

/** A blueprint of one step of a builder that may use every tool. */
export const oneStep = (step: Record<string, unknown>) =>
  blueprintSchema.parse({
    name: 'test',
    steps: [
      {
        key: 'build',
        role: 'builder',
        instructions: 'Do it.',
        tools: ['write', 'edit', 'read', 'run', 'list', 'finish'],
        ...step,
      },
    ],
  });

/** Factories of a test file, gone when it is done. Call it at the top level of the file. */
export function factoriesOfThisFile(): typeof createFactory {
  const made: Factory[] = [];
  afterAll(() => Promise.all(made.map((f) => f.stop())));
  return async (files, o) => {
    const f = await createFactory(files, o);
    made.push(f);
    return f;
  };
}
