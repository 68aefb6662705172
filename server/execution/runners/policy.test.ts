import { expect, it } from 'vitest';
import type { AlaiError } from '#server/domain/errors.ts';
import { modelError } from '#server/models/provider.ts';
import { withEarlier } from './policy.ts';

const busy = modelError('MODEL_BUSY', 'It is busy', 'Fewer slots.', 'transient');
const paused = modelError('MODEL_PAUSED', 'It is not asked for another 15 s', 'Another can.', 'transient');
const garbage = modelError('MODEL_GARBAGE', 'It wrote nonsense', 'Look at it.', 'permanent');
const after = (last: AlaiError) =>
  withEarlier([{ pipeline: 'ollama-tool', error: busy }], 'ollama-simple', last) as AlaiError;

it('a way that met the breaker its forerunner had opened says why that one failed', () => {
  expect(after(paused)).toMatchObject({ code: 'MODEL_BUSY', hint: 'Fewer slots.' });
  expect(after(paused).message).toContain('before that, ollama-tool: It is busy');
  expect(after(paused).data.errors).toMatchObject([{ code: 'MODEL_BUSY' }, { code: 'MODEL_PAUSED' }]);
});

it('a way that failed by itself says so, and alone it says nothing else', () => {
  expect(after(garbage).code).toBe('MODEL_GARBAGE');
  expect(withEarlier([], 'ollama-tool', paused)).toBe(paused);
});
