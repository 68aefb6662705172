import { describe, expect, it } from 'vitest';
import { actsOf, consequenceOf, sameModel, sizeText } from './host.ts';

const busy = { label: 'FORGE', running: 2, queued: 3, standBy: 'ANVIL' };
const idle = { label: 'FORGE', running: 0, queued: 0, standBy: null };

describe('an act on a host says what it will do', () => {
  it.each([
    [
      'pause',
      busy,
      'Nothing new starts on FORGE. What runs (2 attempts) goes on. What is queued here (3 tasks) goes to a host that has its model, ANVIL first, or waits.',
    ],
    ['pause', idle, 'Nothing new starts on FORGE. Nothing runs here.'],
    [
      'drain',
      { ...busy, queued: 0 },
      'Nothing new starts on FORGE. 2 attempts may finish within 10 minutes; what is left is handed back with its work kept.',
    ],
    [
      'stop',
      { ...idle, running: 1 },
      'Nothing new starts on FORGE. 1 attempt is handed back within seconds with the work kept; no retry is burnt.',
    ],
    ['resume', busy, 'FORGE takes work again, beginning with the 3 queued here.'],
    ['restart', idle, 'The worker of FORGE ends and is started again. Nothing runs here.'],
  ] as const)('%s', (act, host, said) => expect(consequenceOf(act, host)).toBe(said));

  it('offers only what leads somewhere', () => {
    expect(actsOf('LIVE')).not.toContain('resume');
    expect(actsOf('STOPPED')).toEqual(['resume', 'restart']);
  });
});

it('a model without a tag is its latest', () => {
  expect(sameModel('qwen3', 'Qwen3:latest')).toBe(true);
  expect(sameModel('qwen3:8b', 'qwen3:32b')).toBe(false);
});

it('a size is as model pages say it', () => {
  expect([400, 620e6, 5.2e9, 240e9].map(sizeText)).toEqual(['1 kB', '620 MB', '5.2 GB', '240 GB']);
});
