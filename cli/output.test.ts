import { EventEmitter } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { print, sayOnInterrupt } from './output.ts';

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

it('says on Ctrl-C what goes on without the command, and leaves with 130', () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const left: unknown[] = [];
  const at = Object.assign(new EventEmitter(), { exit: (code: number) => left.push(code) });
  const stop = sayOnInterrupt(() => 'It goes on.', at as unknown as NodeJS.Process);
  at.emit('SIGINT');
  expect(left).toEqual([130]);
  expect(said).toHaveBeenCalledWith('\nIt goes on.\n');
  const after = sayOnInterrupt(() => 'It is over.', at as unknown as NodeJS.Process);
  after();
  stop();
  expect(at.emit('SIGINT')).toBe(false);
});
