import { expect, test } from 'vitest';
import { type GivenSkill, skillsFor } from './skill.ts';

const skill = (name: string, when?: GivenSkill['when']): GivenSkill => ({
  ...{ name, when, description: '', text: '', file: `X/skills/${name}/SKILL.md` },
  origin: 'company',
});
const skills = [
  skill('always'),
  skill('empty-when', { keywords: [], stages: [] }),
  skill('api', { keywords: ['endpoint', 'ruta'], stages: [] }),
  skill('review', { keywords: [], stages: ['REVIEW'] }),
  skill('api-review', { keywords: ['endpoint'], stages: ['REVIEW'] }),
];
const given = (title: string, stage: 'BUILD' | 'REVIEW' | null = 'BUILD', description = '') =>
  skillsFor(skills, { title, stage, description }).map((c) => `${c.skill.name}: ${c.because}`);

test.each([
  ['Draw a logo', 'BUILD', ['always: always', 'empty-when: always']],
  [
    'Add ENDPOINTS for orders',
    'BUILD',
    ['always: always', 'empty-when: always', 'api: "endpoint" is in the task'],
  ],
  ['The breakpoint', 'BUILD', ['always: always', 'empty-when: always']],
  ['Draw a logo', 'REVIEW', ['always: always', 'empty-when: always', 'review: stage REVIEW']],
  [
    'An endpoint',
    'REVIEW',
    [
      'always: always',
      'empty-when: always',
      'api: "endpoint" is in the task',
      'review: stage REVIEW',
      'api-review: "endpoint" is in the task',
    ],
  ],
  ['Draw a logo', null, ['always: always', 'empty-when: always']],
] as const)('%s in %s is given what fits', (title, stage, names) => {
  expect(given(title, stage)).toEqual(names);
});

test('words of the description count too', () => {
  expect(given('Orders', 'BUILD', 'Nova ruta za narudžbe')).toContain('api: "ruta" is in the task');
});
