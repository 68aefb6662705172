import type { Said } from './answer.ts';
import type { Conversation } from './conversation.ts';
import { closingObject } from './in-text.ts';

/**
 * Agents with tools of their own (Claude Code, Codex, Gemini, Copilot): what a scenario would do through our tools is done
 * through their shell, and the rest is handed over in the object their prompt asks for.
 */

/** Their shells, by the name of the tool and what it takes. */
const shells: Record<string, (command: string) => Record<string, unknown>> = {
  Bash: (command) => ({ command, description: 'The next step of the script' }),
  exec_command: (cmd) => ({ cmd }),
  run_shell_command: (command) => ({ command, description: 'The next step of the script' }),
  bash: (command) => ({
    command,
    description: 'The next step of the script',
    mode: 'sync',
    initial_wait: 30,
  }),
};
const HANDS_OVER = 'StructuredOutput';
/** Where there is one, because its shell refuses what looks like a substitution. */
const WRITES = 'write_file';

/** The shell among the tools that are offered, or null where they are ours. */
export const shellAmong = (offered: readonly string[]): string | null =>
  offered.find((name) => Object.hasOwn(shells, name)) ?? null;

/** What asks the human, whatever the agent calls it. */
export const askerAmong = (offered: readonly string[]): string | null =>
  offered.find((name) => /(^|[_.-])ask_human$/.test(name)) ?? null;

/** The next answer of such an agent: it looks, writes all at once, and hands over. */
export function abroad(all: Said, c: Conversation): Said {
  const shell = shellAmong(c.offered) ?? 'bash';
  const made = c.calls.filter((call) => call.name === shell || call.name === WRITES).length;
  const say = (text: string, command: string): Said => ({
    ...all,
    text,
    calls: [{ name: shell, arguments: shells[shell]?.(command) ?? { command } }],
  });
  if (made === 0) return say('I look at the repository first.', 'ls -1');
  const writes = all.calls.filter((call) => call.name === 'write');
  if (made === 1 && writes.length > 0)
    return c.offered.includes(WRITES)
      ? { ...all, text: 'I write what is needed.', calls: writes.map((w) => byTool(w.arguments)) }
      : say('I write what is needed.', writes.map((w) => writing(w.arguments)).join('\n'));
  const question = all.calls.find((call) => call.name === 'ask_human');
  const asker = askerAmong(c.offered);
  if (question && asker && !c.answered)
    return { ...all, text: 'This I have to ask.', calls: [{ name: asker, arguments: question.arguments }] };
  const body = closingObject(all);
  if (c.offered.includes(HANDS_OVER))
    return { ...all, text: '', calls: [{ name: HANDS_OVER, arguments: body }] };
  return { ...all, text: `Done.\n\n\`\`\`json\n${JSON.stringify(body, null, 2)}\n\`\`\``, calls: [] };
}

const byTool = ({ path, content }: Record<string, unknown>) => ({
  name: WRITES,
  arguments: { file_path: path, content },
});

function writing({ path, content }: Record<string, unknown>): string {
  const file = quoted(String(path));
  return `mkdir -p "$(dirname ${file})" && printf %s ${quoted(String(content))} > ${file}`;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
