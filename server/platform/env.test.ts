import { expect, it } from 'vitest';
import { gitHost, localGitUrl } from './env.ts';

it.each([
  ['127.0.0.1', '127.0.0.1', 'http://127.0.0.1:3053'],
  // The name may mean ::1 here and 127.0.0.1 there.
  ['localhost', '127.0.0.1', 'http://127.0.0.1:3053'],
  ['0.0.0.0', '0.0.0.0', 'http://127.0.0.1:3053'],
  ['::', '::', 'http://127.0.0.1:3053'],
  ['192.168.1.5', '192.168.1.5', 'http://192.168.1.5:3053'],
  ['fd00::5', 'fd00::5', 'http://[fd00::5]:3053'],
])('with HOST %s the repositories are where the workers look for them', (host, listens, url) => {
  expect([gitHost(host), localGitUrl(host, 3053)]).toEqual([listens, url]);
});
