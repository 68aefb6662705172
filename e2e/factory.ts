import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type APIRequest, type BrowserContextOptions, expect } from '@playwright/test';
import { portIsFree } from '#server/platform/ports.ts';
import { bootFactory } from '#test/boot.ts';
import { makeRepository } from './repository.ts';

const root = path.dirname(import.meta.dirname);

/** What a file of stories makes before it looks: a task for the rehearsal, or one that a safety rule holds. */
export interface NewTask {
  title: string;
  key?: string;
  dependsOn?: string[];
  minion?: boolean;
}

/** The product that one browser worker talks to. */
export interface Factory {
  url: string;
  home: string;
  /** Its own folder of companies: tests add companies and break them. */
  companies: string;
  /** The one-time sign-in link, which nobody has used. */
  link: string;
  /** A browser that is signed in as its owner. */
  session: BrowserContextOptions['storageState'];
  /** The API token of this machine. */
  token: string;
  change<T>(procedure: string, input: object): Promise<T>;
  read<T>(procedure: string, input: object): Promise<T>;
  /** A stranger's repository, inside its home. */
  repository(name: string): string;
  /** New tasks of one pipeline, in one small repository that they share unless another is given. */
  add(tasks: NewTask[], project?: string): Promise<{ pipelineId: number; taskIds: number[] }>;
  stop(): Promise<void>;
}

/** Boots the product on ports and in a home of its own, and signs a browser in. */
export async function startFactory(http: APIRequest): Promise<Factory> {
  const [port = 0, rehearsal = 0, git = 0] = await freePorts(3);
  const url = `http://localhost:${port}`;
  let companies = '';
  const booted = await bootFactory(String(port), (made) => {
    companies = path.join(made, 'companies');
    cpSync(path.join(root, 'companies'), companies, { recursive: true });
    giveRoom(path.join(companies, '_shared/fleet.yaml'));
    return {
      ALAI_COMPANIES: companies,
      // The inner hosts are receivers of notices that the tests start.
      ALAI_WEBHOOK_ALLOW: '127.0.0.1',
      // Named, because two factories that start at once would both find the usual ones free.
      ALAI_REHEARSAL_PORT: String(rehearsal),
      ALAI_GIT_PORT: String(git),
    };
  });
  return open(http, url, { ...booted, companies }).catch(async (e) => {
    await booted.stop();
    throw e;
  });
}

type Booted = Pick<Factory, 'home' | 'link' | 'companies' | 'stop'>;

async function open(http: APIRequest, url: string, booted: Booted): Promise<Factory> {
  const { home } = booted;
  const token = readFileSync(path.join(home, 'token'), 'utf8').trim();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answered = async <T>(procedure: string, answer: Response): Promise<T> => {
    const text = await answer.text();
    expect(answer.status, `${procedure}: ${text}`).toBe(200);
    return (JSON.parse(text) as { result: { data: { json: T } } }).result.data.json;
  };
  const change = async <T>(procedure: string, input: object): Promise<T> => {
    const body = JSON.stringify({ json: input });
    return answered(
      procedure,
      await fetch(`${url}/api/trpc/${procedure}`, { method: 'POST', headers, body }),
    );
  };
  const read = async <T>(procedure: string, input: object): Promise<T> => {
    const asked = encodeURIComponent(JSON.stringify({ json: input }));
    return answered(procedure, await fetch(`${url}/api/trpc/${procedure}?input=${asked}`, { headers }));
  };
  const repository = (name: string) => makeRepository(mkdtempSync(path.join(home, `${name}-`)));
  const session = await signIn(http, url, booted.link);
  // A link works once: this one is the stories'.
  const link = (await change<{ url: string }>('people.newLink', { userId: 'ceo' })).url;
  let shop = '';
  return {
    ...booted,
    url,
    link,
    token,
    session,
    change,
    read,
    repository,
    add(tasks, project) {
      if (!project) shop ||= repository('corner-shop');
      return change('tasks.create', { idempotencyKey: randomUUID(), project: project ?? shop, tasks });
    },
  };
}

/**
 * Below what the system gives to outgoing connections: one of those would take the port in the seconds until the server
 * listens on it. Other workers begin elsewhere.
 */
async function freePorts(wanted: number): Promise<number[]> {
  const found: number[] = [];
  for (let port = 21_000 + ((process.pid * 7) % 9_000); found.length < wanted; port++)
    if (await portIsFree(port)) found.push(port);
  return found;
}

/** All models of FORGE fit at once: no story is about waiting for one to be unloaded, and the sample would do so for half its time. */
function giveRoom(fleet: string): void {
  const before = readFileSync(fleet, 'utf8');
  expect(before).toContain('memory_gb: 256');
  writeFileSync(fleet, before.replace('memory_gb: 256', 'memory_gb: 512'));
}

/** What the page of the one-time link does, without a browser. */
async function signIn(http: APIRequest, url: string, link: string): Promise<Factory['session']> {
  const context = await http.newContext({ baseURL: url });
  const csrf = await context.get('/api/auth/csrf');
  const { csrfToken } = (await csrf.json()) as { csrfToken: string };
  const code = link.split('#code=')[1] ?? '';
  await context.post('/api/auth/callback/code', { form: { csrfToken, code, json: 'true' } });
  expect((await context.get('/api/trpc/me.get')).status()).toBe(200);
  const session = await context.storageState();
  await context.dispose();
  return session;
}
