import { afterEach, expect, it, vi } from 'vitest';
import { print } from './output.ts';

afterEach(() => vi.restoreAllMocks());

it('shows what an agent reported without letting it drive the terminal', () => {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  print({}, () => 'Report\tdone\u001b[2J\u001b]0;owned\u0007 a\u202eb\u009b31m\n✓ next');
  expect(written.join('')).toBe('Report\tdone a\\u202eb\\u009b31m\n✓ next\n');
});
