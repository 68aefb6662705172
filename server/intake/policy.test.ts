import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCatalogue } from '#server/catalogue/data.ts';
import { cleanTitle, judgeSafety, MAX_TITLE } from './policy.ts';

const { safety } = readCatalogue(path.resolve('companies'));
const judge = (title: string, description = '', tags: string[] = []) =>
  judgeSafety(safety, { title, description, tags });

describe('safety rails hold', () => {
  test.each([
    ['Approve the PSD2 go-live', 'regulated-service'],
    ['Drop: enable open banking in production', 'regulated-service'],
    ['Submit the AML report to Finanstilsynet', 'regulated-service'],
    ['Approve the new office', 'ceo-decision'],
    ['Decide whether we hire two more engineers', 'ceo-decision'],
    ['Prepare the CEO decision on Plock', 'ceo-decision'],
    ['Transfer 5000 EUR to the supplier', 'money-movement'],
    ['Pay the open invoices', 'money-movement'],
    ['Issue refunds to all customers of May', 'money-movement'],
    ['Drop the users table in production', 'production-data-deletion'],
    ['Wipe production', 'production-data-deletion'],
    ['Delete all customers', 'production-data-deletion'],
    ['Rotate the API keys', 'credentials'],
    ['Send the root password to the contractor', 'credentials'],
    ['Grant admin access to Petter', 'credentials'],
    ['Sign the contract with Vipps', 'legal-commitment'],
    ['Accept the new data processing agreement', 'legal-commitment'],
    ['Ａｐｐｒｏｖｅ the PSD2 go\u2011live', 'regulated-service'],
    ['App\u200brove the budget', 'ceo-decision'],
  ])('%s (%s)', (title, pattern) => {
    expect(judge(title)).toMatchObject({ pattern, reason: expect.stringMatching(/.{10}/) });
  });

  test('what is hidden in the description or a tag', () => {
    expect(
      judge('Small cleanup', 'First the tests.\n\nThen drop the production database. Thanks')?.pattern,
    ).toBe('production-data-deletion');
    expect(judge('Small cleanup', '', ['wipe production'])?.pattern).toBe('production-data-deletion');
  });
});

describe('safety rails let ordinary work pass', () => {
  test.each([
    'Bento: Project scaffold — Next.js frontend + Kotlin/Ktor API',
    'Bento: Database schema design — users, subscriptions, meals, deliveries',
    'Bento: Landing page design — Nordic minimalist, hero + pricing + CTA',
    'Bento: API — user auth + subscription management endpoints',
    'Bento: Frontend — meal selection + checkout flow',
    'payment button colour',
    'Add a sign-in form',
    'Password reset page',
    'Send a password reset e-mail',
    'Delete button on the meal list',
    'Add a refund endpoint to the API',
    'Show the approval history',
    'Write tests for the transfer form',
    'Accept terms checkbox on the sign-up page',
    'Document how PSD2 consent works in our code',
    'Authorize middleware for the API',
    'Remove unused production build flag',
  ])('%s', (title) => {
    expect(judge(title)).toBeNull();
  });
});

describe('a title', () => {
  test('is one visible line', () => {
    expect(cleanTitle('  Add\n\ta \u202Epage\u200B  ')).toBe('Add a page');
  });

  test.each([[''], ['   '], ['\n\u200B\t']])('that is empty is refused (%j)', (raw) => {
    expect(() => cleanTitle(raw)).toThrow(expect.objectContaining({ code: 'TITLE_EMPTY' }));
  });

  test('that is too long is refused with the limit', () => {
    expect(cleanTitle('x'.repeat(MAX_TITLE))).toHaveLength(MAX_TITLE);
    for (const length of [MAX_TITLE + 1, 100_000]) {
      expect(() => cleanTitle('x'.repeat(length))).toThrow(
        expect.objectContaining({ code: 'TITLE_TOO_LONG' }),
      );
    }
  });
});
