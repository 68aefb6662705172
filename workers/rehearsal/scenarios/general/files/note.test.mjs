import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../', import.meta.url);
const note = readFileSync(new URL('docs/notes/{{slug}}.md', root), 'utf8');

test('the note of task #{{task}} opens with its number', () => {
  assert.match(note, /^# Task #{{task}}: /);
});

test('the note of task #{{task}} says that its words are scripted', () => {
  assert.match(note, /no model was called/);
});
