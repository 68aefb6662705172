#!/usr/bin/env node
// npx alai: finds Node 24 and runs cli/main.ts on it.
import { ensureInstalled, root, run } from './bootstrap.mjs';

// Paths people type are relative to where they are; the programme's own files are relative to its folder.
const cwd = process.cwd();
process.chdir(root);
await ensureInstalled();
run('cli/main.ts', process.argv.slice(2), { ALAI_CWD: process.env.ALAI_CWD ?? cwd });
