import { describe, expect, test } from 'vitest';
import { classify } from '#test/routing.ts';

describe('the company', () => {
  test.each([
    // The five tasks of the sample.
    ['Bento: Project scaffold — Next.js frontend + Kotlin/Ktor API', 'CodeCraft'],
    ['Bento: Database schema design — users, subscriptions, meals, deliveries', 'CodeCraft'],
    ['Bento: Landing page design — Nordic minimalist, hero + pricing + CTA', 'Vizu'],
    ['Bento: API — user auth + subscription management endpoints', 'CodeCraft'],
    ['Bento: Frontend — meal selection + checkout flow', 'Vizu'],
    // Words that mislead.
    ['payment button colour', 'Vizu'],
    ['review the ML report', 'Proveo'],
    ['write the deploy guide', 'Lexicon'],
    ['Deploy the documentation site', 'FlowForge'],
    ['Drop: write tests for the payment form', 'Proveo'],
    ['Document the security headers', 'Lexicon'],
    ['Audit the checkout page for XSS', 'Securion'],
    ['Fix the crash in the invoice import', 'CodeCraft'],
    ['Add a Dockerfile for the API', 'FlowForge'],
    ['Draft the privacy policy for the landing page', 'Lexicon'],
    ['Dark mode for the audit log page', 'Vizu'],
    ['CVE-2026-1234 in the image library', 'Securion'],
    ['Build the reporting API for analysts', 'CodeCraft'],
    // No word of anybody's.
    ['Make it better somehow', 'CodeCraft'],
    ['Ærlig talt 🍱', 'CodeCraft'],
  ])('%s -> %s', (title, company) => {
    expect(classify(title).company).toBe(company);
  });

  test.each([
    // Marks on letters and their spellings, cases, compounds.
    ['Izvjestaj o prodaji', 'Datavera'],
    ['Promijeni boju dugmeta na stranici za plaćanje', 'Vizu'],
    ['Promeni boju dugmadi', 'Vizu'],
    ['Fargen paa betalingsknappen', 'Vizu'],
    ['Databasemigrering', 'CodeCraft'],
    ['Пошаљи извјештај о продаји', 'Datavera'],
    // What is to be left alone speaks against its company.
    ['Speed up the settings page query without touching the UI', 'CodeCraft'],
    ['Ispravi spremanje postavki, bez diranja frontenda i dizajna', 'CodeCraft'],
    ['Lagre innstillingene raskere i backend, ikke frontend', 'CodeCraft'],
  ])('%s -> %s, whatever the language', (title, company) => {
    expect(classify(title).company).toBe(company);
  });

  test('every answer shows its sum: words with their points, the wish of the title, the runner-up', () => {
    const { reasons } = classify('review the ML report');
    expect(reasons[0]).toMatch(/^Proveo: it asks for a review \+24; "review" \+\d+ \(\d+ points\)$/);
    expect(reasons[1]).toMatch(/^not Datavera: .*"report" \+\d+/);
    expect(classify('Endpoint for orders, not the frontend').reasons.join('\n')).toMatch(
      /not Vizu: it is to be left alone: "frontend" -/,
    );
  });

  test('a tag settles it, and the reason says so', () => {
    const found = classify('Rework the settings', '', ['Frontend']);
    expect(found).toMatchObject({ company: 'Vizu', confidence: 1 });
    expect(found.reasons[0]).toContain('tag "Frontend"');
  });

  test('words are whole words: "capital" is no api and "trust" no rust', () => {
    expect(classify('Capital and trust in our build guild').company).toBe('CodeCraft');
    expect(classify('Capital').confidence).toBeLessThan(0.3);
  });

  test('the description counts less than the title', () => {
    expect(classify('Landing page hero', 'The api backend database is deployed with docker').company).toBe(
      'Vizu',
    );
  });

  test('the same text gives the same answer, and hostile text costs little', () => {
    const text = `${'payment '.repeat(2_000)}${'a'.repeat(30_000)}${'\\b('.repeat(500)}`;
    const started = performance.now();
    const first = classify(text, text);
    // Quadratic work on a text like this takes minutes; a busy machine does not.
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(classify(text, text)).toEqual(first);
  });
});
