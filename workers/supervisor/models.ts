import { type Env, ollamaUrl } from '#server/platform/env.ts';

export interface ModelServer {
  /** What answers the agents: a real Ollama, or the rehearsal when there is none. */
  kind: 'ollama' | 'rehearsal';
  url: string;
  said: string;
}

/** Asks a model server for its version; undefined when nothing sensible answers within the time. */
async function ollamaVersion(url: string, ms = 1_500): Promise<string | undefined> {
  try {
    const answer = await fetch(`${url}/api/version`, { signal: AbortSignal.timeout(ms) });
    if (!answer.ok) return undefined;
    const body: unknown = await answer.json();
    const version = (body as { version?: unknown } | null)?.version;
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}

/** Chooses what the agents talk to. Where it is the rehearsal no service is called beside it, whatever keys there are. */
export async function chooseModels(env: Env, rehearsalPort: number): Promise<ModelServer> {
  const rehearsal = `http://127.0.0.1:${rehearsalPort}`;
  if (env.ALAI_REHEARSAL === 'always') {
    return {
      kind: 'rehearsal',
      url: rehearsal,
      said: 'rehearsal, as ALAI_REHEARSAL asks (scripted, no model is called)',
    };
  }
  const url = ollamaUrl(env.OLLAMA_HOST);
  const version = await ollamaVersion(url);
  if (version) return { kind: 'ollama', url, said: `Ollama ${version} at ${url}` };
  if (env.ALAI_REHEARSAL === 'never') {
    return { kind: 'ollama', url, said: `Ollama at ${url} (does not answer yet; work waits for it)` };
  }
  const asked = env.OLLAMA_HOST ? `nothing answers at ${url}` : 'no Ollama on this machine';
  const keys = env.ANTHROPIC_API_KEY || env.OPENAI_API_KEY;
  const instead = keys ? '; ALAI_REHEARSAL=never works with your keys alone' : '';
  return {
    kind: 'rehearsal',
    url: rehearsal,
    said: `rehearsal: ${asked} (scripted, no model is called${instead})`,
  };
}
