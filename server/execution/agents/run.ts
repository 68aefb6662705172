import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { AlaiError } from '#server/domain/errors.ts';
import { limitReached } from '#server/domain/limit-words.ts';
import { NO_USAGE, type Usage } from '#server/models/provider.ts';
import { launch, type ProcessSpec } from '../sandbox/process.ts';
import type { AgentAsk, AgentEvent, CliAgent } from './agent.ts';
import { answerTools, type HarnessTools } from './bridge.ts';
import type { InstalledAgent } from './detect.ts';
import { agentError } from './errors.ts';
import { openHarness, openReach } from './reach.ts';
import { unpackedFor } from './unpacked.ts';

/** One run of an agent as a process in the sandbox: what it says is read line by line, and it is ended by numbers. */

const MAX_LINE = 8 * 1024 * 1024;
const MAX_OUTPUT = 64 * 1024 * 1024;
const STDERR_KEPT = 4_000;
/** One may be of something it asks besides; two without an answer between are of its key. */
const KEY_REFUSALS = 2;

export interface AgentRun extends Omit<AgentAsk, 'sandboxed' | 'tools'> {
  found: InstalledAgent;
  prompt: string;
  seconds: number;
  /** Silence that ends it. */
  idleSeconds: number;
  /** Tokens that end it. */
  tokens: number;
  /** Tool calls that end it, and how often the very same one may follow itself. */
  calls: number;
  sameCalls: number;
  /** The whole network is open to it; otherwise its model alone, where there is a sandbox. */
  network: boolean;
  /** Ours that it may call, where its sandbox can lead the calls out. */
  tools: HarnessTools | null;
  place: Omit<ProcessSpec, 'argv' | 'seconds' | 'outputBytes' | 'network' | 'env' | 'readable'>;
  /** `end` stops it, for a reason it is then said to have failed by. */
  onEvent: (e: AgentEvent, end: (why: Error) => void) => void;
}

export interface AgentAnswer {
  /** Its last words. */
  text: string;
  answer: Record<string, unknown> | null;
  usage: Usage;
}

/** Thrown when a run was ended by one of its numbers. */
const tooMuch = (limit: string, value: number) => limitReached('the agent', limit, value);

/** What a run used up to now, also when it fails: whoever pays has to know. */
export interface Meter {
  usage: Usage;
}

export async function runAgent(r: AgentRun, meter: Meter): Promise<AgentAnswer> {
  const { agent, program, readable } = r.found;
  const sandboxed = r.place.sandbox.isolates;
  // Without a sandbox it could write there what the next attempt runs.
  const unpacked = sandboxed ? await unpackedFor(r.found, r.place.hostDir) : null;
  // Told by the way out, which is open before there is a process to end.
  let refused: (what: string) => void = () => {};
  let answered: (status: number) => void = () => {};
  let end: (why: Error) => void = () => {};
  const tools = r.tools && r.tools.specs.length > 0 && r.place.sandbox.tools ? r.tools : null;
  const on = {
    onRefused: (what: string) => refused(what),
    onAnswer: (status: number) => answered(status),
    ...(tools ? { own: answerTools(tools, (why) => end(why)) } : {}),
  };
  const closed = sandboxed && !r.network;
  const reach = closed
    ? await openReach(agent, r.given, r.place, on)
    : tools
      ? await openHarness(r.given, r.place, on)
      : null;
  const ask: AgentAsk = {
    ...r,
    given: reach?.given ?? r.given,
    sandboxed,
    tools: tools ? r.place.sandbox.tools : null,
  };
  const { argv, env } = withHome([program, ...agent.argv(ask)], agent.home?.(ask) ?? {});
  const p = await launch({
    ...r.place,
    argv,
    env: defined({ ...ask.given, ...reach?.env, ...agent.env(ask), ...unpackedAt(agent, unpacked), ...env }),
    readable: [readable, dirname(process.execPath), ...(unpacked ? [unpacked] : [])],
    network: !closed,
    ...(reach ? { egress: reach.egress } : {}),
    stdin: 'open',
  }).catch(async (e) => {
    await reach?.close();
    throw e;
  });
  let stop: Error | null = null;
  end = (why) => {
    stop ??= why;
    p.kill();
  };
  const total = setTimeout(() => end(tooMuch('seconds', Math.round(r.seconds))), r.seconds * 1_000);
  const silent = () => end(tooMuch('idleSeconds', Math.round(r.idleSeconds)));
  let idle = setTimeout(silent, r.idleSeconds * 1_000);
  let text = '';
  let answer: Record<string, unknown> | null = null;
  let failed: string | null = null;
  let ended = false;
  const counted = new Set<string>();
  const calls = { all: 0, last: '', same: 0 };
  let parts = '';
  // What it says in pieces is one text, however many lines it comes in.
  const whole = () => {
    if (parts !== '') r.onEvent({ kind: 'text', text: parts }, end);
    parts = '';
  };
  const take = (e: AgentEvent) => {
    if (e.kind === 'text' && e.part) {
      parts += e.text;
      text = parts;
      return;
    }
    whole();
    if (e.kind === 'text') text = e.text;
    if (e.kind === 'usage' && !(e.id && counted.has(e.id))) {
      if (e.id) counted.add(e.id);
      meter.usage = sum(meter.usage, e);
    }
    if (e.kind === 'call') {
      const key = `${e.name} ${JSON.stringify(e.arguments)}`;
      calls.same = key === calls.last ? calls.same + 1 : 1;
      calls.last = key;
      if (++calls.all > r.calls) end(tooMuch('turns', r.calls));
      if (calls.same > r.sameCalls) end(tooMuch('identicalCalls', r.sameCalls));
    }
    if (e.kind === 'total') meter.usage = sum(NO_USAGE, e);
    if (e.kind === 'failed') failed = e.message;
    if (e.kind === 'end') {
      ended = true;
      text = e.text ?? text;
      answer = e.answer ?? null;
    }
    r.onEvent(e, end);
    const used = meter.usage.tokensIn + meter.usage.tokensOut;
    if (used > r.tokens) end(tooMuch('tokens', r.tokens));
  };
  let keyRefused = 0;
  // Some ask on for minutes with a key that is not taken; a key does not become right by that.
  answered = (status) => {
    keyRefused = status === 401 ? keyRefused + 1 : 0;
    if (keyRefused >= KEY_REFUSALS)
      end(agentError(agent, '401: the server of its model does not take the key'));
  };
  refused = (what) => r.onEvent({ kind: 'refused', what }, end);
  let bytes = 0;
  let rest = '';
  const decoder = new StringDecoder('utf8');
  p.child.stdout.on('data', (chunk: Buffer) => {
    clearTimeout(idle);
    idle = setTimeout(silent, r.idleSeconds * 1_000);
    bytes += chunk.length;
    if (bytes > MAX_OUTPUT || rest.length > MAX_LINE) return end(tooMuch('outputBytes', MAX_OUTPUT));
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) for (const e of eventsOf(agent, line)) take(e);
  });
  let complained = '';
  p.child.stderr.on('data', (chunk: Buffer) => {
    complained = (complained + chunk.toString()).slice(-STDERR_KEPT);
  });
  try {
    p.child.stdin.end(r.prompt);
    const code = await p.ended;
    for (const e of eventsOf(agent, rest)) take(e);
    r.place.signal.throwIfAborted();
    if (stop) throw stop;
    const bound = p.stopped();
    if (bound)
      throw new AlaiError('LIMIT_REACHED', `the agent was stopped: ${bound}`, 'Make the task smaller.');
    whole();
    if (failed !== null && !(ended && code === 0)) throw agentError(agent, failed);
    if (code !== 0 || !ended) throw agentError(agent, complained || text || `exit code ${code}`);
    return { text, answer, usage: meter.usage };
  } finally {
    clearTimeout(total);
    clearTimeout(idle);
    await p.release();
    await reach?.close();
  }
}

const unpackedAt = (agent: CliAgent, folder: string | null): Record<string, string> =>
  agent.unpacks && folder ? { [agent.unpacks.into]: folder } : {};

/** Its home folder is made inside the sandbox, so that nothing of it is ever on our disk. */
function withHome(
  argv: string[],
  files: Record<string, string>,
): { argv: string[]; env: Record<string, string> } {
  const entries = Object.entries(files);
  if (entries.length === 0) return { argv, env: {} };
  const script = entries.map(
    ([path], i) => `mkdir -p "$HOME/${dirname(path)}" && printf %s "$ALAI_HOME_FILE_${i}" > "$HOME/${path}"`,
  );
  const env = Object.fromEntries(entries.map(([, text], i) => [`ALAI_HOME_FILE_${i}`, text]));
  return { argv: ['/bin/sh', '-c', `${script.join(' && ')} && exec "$@"`, 'sh', ...argv], env };
}

function eventsOf(agent: Pick<CliAgent, 'read'>, line: string): AgentEvent[] {
  if (!line.startsWith('{')) return [];
  try {
    return agent.read(JSON.parse(line) as Record<string, unknown>);
  } catch {
    return [];
  }
}

const defined = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((e): e is [string, string] => e[1] !== undefined));

const sum = (a: Usage, b: Usage): Usage => ({
  tokensIn: a.tokensIn + b.tokensIn,
  tokensOut: a.tokensOut + b.tokensOut,
  tokensCacheRead: a.tokensCacheRead + b.tokensCacheRead,
  tokensCacheWrite: a.tokensCacheWrite + b.tokensCacheWrite,
  tokensThinking: a.tokensThinking + b.tokensThinking,
});
