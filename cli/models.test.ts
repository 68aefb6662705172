import { expect, it } from 'vitest';
import { barText, goesOnText } from './models.ts';

const job = { model: 'qwen3:8b', status: 'pulling 1234', completed: 2_400_000_000, total: 5_000_000_000 };

it('says how much is there, how fast it comes and how long it takes', () => {
  expect(barText({ ...job, bytesPerSecond: 40_000_000 })).toBe(
    'qwen3:8b  [███████████░░░░░░░░░░░░░]   48%  2.4 GB of 5.0 GB  40 MB/s  1m left',
  );
});

it('says what the server says while nothing is known of the size', () => {
  expect(barText({ ...job, total: 0, completed: 0, status: 'pulling manifest', bytesPerSecond: 0 })).toBe(
    'qwen3:8b  pulling manifest',
  );
  expect(barText({ ...job, total: 0, completed: 0, status: '', bytesPerSecond: 0 })).toContain(
    'waits for its worker',
  );
});

it('says on Ctrl-C that a pull goes on, and how to stop it', () => {
  expect(goesOnText({ act: 'pull', model: 'qwen3:32b', host: 'forge' })).toBe(
    'The pull of qwen3:32b goes on on FORGE. Stop it with: npx alai models cancel forge qwen3:32b',
  );
});
