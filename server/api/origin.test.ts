import { describe, expect, it } from 'vitest';
import { requireOwnOrigin } from './origin.ts';

const local = { HOST: '127.0.0.1', PORT: 3052, ALAI_PUBLIC_URL: undefined, ALAI_HOSTS: undefined };
const ask = (headers: Record<string, string>, env: Parameters<typeof requireOwnOrigin>[1] = local) =>
  requireOwnOrigin({ headers: new Headers({ host: 'localhost:3052', ...headers }) }, env);

describe('a browser', () => {
  it('may ask from our own pages, under each name of this machine', () => {
    ask({});
    ask({ origin: 'http://localhost:3052', 'sec-fetch-site': 'same-origin' });
    ask({ host: '127.0.0.1:3052', origin: 'http://127.0.0.1:3052' });
    ask({ host: '[::1]:3052' });
  });

  it('may not be made to ask by another site', () => {
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:9999' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign)
      expect(() => ask(headers)).toThrow(expect.objectContaining({ code: 'NOT_ALLOWED' }));
  });

  it('may not come under a name that was pointed at this machine', () => {
    expect(() => ask({ host: 'rebound.example:3052' })).toThrow(
      expect.objectContaining({ code: 'NOT_ALLOWED' }),
    );
  });

  it('may come under the public name behind a proxy', () => {
    const proxied = { ...local, HOST: '0.0.0.0', ALAI_PUBLIC_URL: 'https://alai.example' };
    ask({ host: '10.0.0.5:3052', origin: 'https://alai.example' }, proxied);
    ask({ host: 'alai.example', origin: 'https://alai.example' }, proxied);
    expect(() => ask({ host: 'rebound.example' }, proxied)).toThrow('rebound.example');
  });

  it('may come under a further name that was listed', () => {
    const listed = { ...local, HOST: '0.0.0.0', ALAI_HOSTS: 'studio.local, alai:3052' };
    ask({ host: 'studio.local:3052', origin: 'http://studio.local:3052' }, listed);
    ask({ host: 'alai:3052' }, listed);
    expect(() => ask({ host: 'studio.evil' }, listed)).toThrow('studio.evil');
  });
});

it('a program with a token is no browser', () => {
  ask({ authorization: 'Bearer alai_x', origin: 'https://anywhere.example' });
});
