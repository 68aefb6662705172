import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRehearsal } from '#test/rehearsal.ts';
import { answer } from './answer.ts';
import { readConversation, type WireMessage } from './conversation.ts';
import { loadScenarios } from './scenarios.ts';

const folder = join(import.meta.dirname, 'scenarios');
const scenarios = loadScenarios(folder);
const tools = ['list', 'read', 'write', 'edit', 'search', 'run', 'report', 'finding', 'finish'];
const prompt = (facts: Record<string, unknown>, more = ''): WireMessage[] => [
  { role: 'system', content: 'You are …' },
  { role: 'user', content: `Do it.\n<data kind="facts">\n${JSON.stringify(facts)}\n</data>\n${more}` },
];
const meals = { task: 1, title: 'Bento: Frontend — meal selection', stage: 'BUILD', cycle: 0, step: 'build' };
const say = (messages: WireMessage[]) => answer(scenarios, readConversation(messages, tools));

/** Plays the harness: every call succeeds with this text. */
function play(
  messages: WireMessage[],
  result = 'ok',
  until = 40,
): { name: string; arguments: Record<string, unknown> }[] {
  const all: { name: string; arguments: Record<string, unknown> }[] = [];
  for (let i = 0; i < until; i++) {
    const said = say(messages);
    messages.push({
      role: 'assistant',
      content: said.text,
      tool_calls: said.calls.map((c) => ({ function: c })),
    });
    for (const c of said.calls) messages.push({ role: 'tool', content: result, tool_name: c.name });
    all.push(...said.calls);
    if (said.calls.some((c) => c.name === 'finish') || said.calls.length === 0) break;
  }
  return all;
}

describe('scenarios', () => {
  it('are valid, and every file they name is there', () => {
    expect(scenarios.length).toBeGreaterThan(6);
    for (const s of scenarios) {
      for (const a of s.answers) {
        for (const stage of [a.stage ?? 'BUILD'].flat()) {
          for (const step of [a.step ?? 'build'].flat()) {
            const cycle = a.cycle?.[0] ?? 0;
            const findings = '<data kind="findings">stored as they are; without limit; discount</data>';
            const title = s.title.source.replaceAll('.*', 'anything');
            expect(() => play(prompt({ task: 7, title, stage, cycle, step }, findings))).not.toThrow();
          }
        }
      }
    }
  });

  it('answer the same conversation the same way, however often they are asked', () => {
    const messages = prompt(meals);
    expect(say(messages)).toEqual(say(structuredClone(messages)));
  });

  it('mend a planted bug only when its failure is in the conversation', () => {
    const bug = 'const discount = plan.discount;';
    const writes = (calls: ReturnType<typeof play>) =>
      calls
        .filter((c) => c.name === 'write' && c.arguments.path === 'src/meals/pricing.js')
        .map((c) => c.arguments.content);
    const messages = prompt(meals);
    const first = writes(play(messages));
    expect(first).toHaveLength(1);
    expect(first[0]).toContain(bug);
    const told = [
      ...messages,
      { role: 'user', content: '<data kind="feedback">AssertionError: 5 !== 4560</data>' },
    ];
    expect(writes(play(told)).at(-1)).not.toContain(bug);
    const untold = [...messages, { role: 'user', content: 'Please go on.' }];
    expect(writes(play(untold))).toEqual([]);
  });

  it('start a broken-off answer again only when told that it broke off', () => {
    const landing = { ...meals, title: 'Bento: Landing page design' };
    const messages = prompt(landing);
    messages.push(
      { role: 'assistant', tool_calls: [{ function: { name: 'list', arguments: { path: '.' } } }] },
      { role: 'tool', content: 'README.md', tool_name: 'list' },
    );
    expect(say(messages)).toMatchObject({ fault: 'truncated', calls: [] });
    expect(say(messages)).toMatchObject({ fault: 'truncated', calls: [] });
    messages.push({ role: 'user', content: 'Your last answer broke off in the middle.' });
    expect(say(messages)).toMatchObject({ fault: null, calls: [{ name: 'write' }] });
  });

  it('judge what they read: the same review rejects plain tokens and passes hashed ones', () => {
    const review = { ...meals, title: 'Review: Bento: API — user auth', stage: 'REVIEW', step: 'review' };
    const verdict = (code: string) =>
      play(prompt(review), code).find((c) => c.name === 'report')?.arguments.verdict;
    expect(verdict('sessions.set(token, {})')).toBe('reject');
    expect(verdict('async function signIn() { signInLimit.check() } byDigest.set(digest(token))')).toBe(
      'pass',
    );
  });
});

describe('the wire protocol', () => {
  let rehearsal: Awaited<ReturnType<typeof startRehearsal>>;
  beforeAll(async () => {
    rehearsal = await startRehearsal();
  });
  afterAll(() => rehearsal.stop());
  const post = (path: string, body: unknown) =>
    fetch(rehearsal.url + path, { method: 'POST', body: JSON.stringify(body) });
  const lines = async (r: Response) =>
    (await r.text())
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l));

  it('says in every description that it is scripted', async () => {
    expect((await (await fetch(`${rehearsal.url}/api/version`)).json()).version).toMatch(/-rehearsal$/);
    const tags = await (await fetch(`${rehearsal.url}/api/tags`)).json();
    expect(tags.models[0].details.family).toBe('scripted');
    const show = await (await post('/api/show', { model: 'qwen3:8b' })).json();
    expect(show.details.family).toBe('scripted');
    expect(show.modelfile).toContain('no model is called');
    expect(show.capabilities).toEqual(['completion', 'tools']);
  });

  it('streams a chat as lines that end with done, and answers in one piece when asked to', async () => {
    const body = { model: 'qwen3:8b', messages: [{ role: 'user', content: 'hello' }] };
    const streamed = await lines(await post('/api/chat', body));
    expect(streamed.at(-1)).toMatchObject({ done: true, done_reason: 'stop' });
    const whole = await (await post('/api/chat', { ...body, stream: false })).json();
    expect(streamed.map((l) => l.message.content).join('')).toBe(whole.message.content);
    const generated = await (
      await post('/api/generate', { model: 'qwen3:8b', prompt: 'hello', stream: false })
    ).json();
    expect(generated.response).toBe(whole.message.content);
    expect((await (await fetch(`${rehearsal.url}/api/ps`)).json()).models[0].name).toBe('qwen3:8b');
  });

  it('pulls with progress, and reports a failed pull as a line of a 200', async () => {
    const good = await lines(await post('/api/pull', { model: 'tiny:1b' }));
    expect(good.some((l) => l.completed > 0 && l.total > 0)).toBe(true);
    expect(good.at(-1)).toEqual({ status: 'success' });
    expect((await post('/api/show', { model: 'tiny:1b' })).status).toBe(200);
    const bad = await post('/api/pull', { model: 'missing:1b' });
    expect(bad.status).toBe(200);
    expect((await lines(bad)).at(-1)).toHaveProperty('error');
  });

  it('embeds the same text to the same unit vector', async () => {
    const body = { model: 'bge-m3', input: ['meal plans', 'meal plans', 'tax law'] };
    const { embeddings } = await (await post('/api/embed', body)).json();
    expect(embeddings[0]).toHaveLength(1_024);
    expect(embeddings[0]).toEqual(embeddings[1]);
    expect(embeddings[0]).not.toEqual(embeddings[2]);
  });

  it('refuses what it does not know', async () => {
    expect((await post('/api/chat', { model: 'unknown:1b', messages: [] })).status).toBe(404);
    expect((await fetch(`${rehearsal.url}/api/chat`, { method: 'POST', body: '{' })).status).toBe(400);
    expect((await post('/api/nothing', {})).status).toBe(404);
    expect((await post('/rehearsal/faults', { fault: 'earthquake' })).status).toBe(400);
  });
});
