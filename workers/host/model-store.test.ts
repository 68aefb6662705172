import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { modelStore } from './model-store.ts';

test('where models lie is known of this machine only, and only when the folder is there', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'alai-store-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const set = path.join(home, 'elsewhere');
  const here = 'http://127.0.0.1:11434';
  expect(modelStore(here, { home, set })).toBeNull();
  const usual = path.join(home, '.ollama/models');
  mkdirSync(usual, { recursive: true });
  expect(modelStore(here, { home, set })).toBe(usual);
  mkdirSync(set);
  expect(modelStore(here, { home, set })).toBe(set);
  expect(modelStore('http://[::1]:11434', { home })).toBe(usual);
  expect(modelStore('http://forge.local:11434', { home, set })).toBeNull();
});
