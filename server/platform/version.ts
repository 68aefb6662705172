import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** The version of this Mission Control. Read from where it was started: a bundled page server knows no other place. */
export const { version } = z
  .object({ version: z.string() })
  .catch({ version: 'unknown' })
  .parse(readPackage());

function readPackage(): unknown {
  try {
    return JSON.parse(readFileSync(path.resolve('package.json'), 'utf8'));
  } catch {
    return null;
  }
}
