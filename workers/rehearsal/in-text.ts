import type { Said } from './answer.ts';

/** The calls of an answer as a model without tools would write them down: whole files, then one JSON object. */
export function inText(said: Said): Said {
  const files = said.calls
    .filter((c) => c.name === 'write')
    .map((c) => {
      const { path, content } = c.arguments as { path: string; content: string };
      return `FILE: ${path}\n\`\`\`\`\`\n${content.replace(/\n$/, '')}\n\`\`\`\`\``;
    });
  const body = closingObject(said);
  const text =
    files.length > 0
      ? [said.text, ...files, `\`\`\`json\n${JSON.stringify(body, null, 2)}\n\`\`\``].join('\n\n')
      : JSON.stringify(body);
  return { ...said, text, calls: [] };
}

/** What a step hands over besides its files, in the shape that agents without our tools are asked for. */
export function closingObject(said: Said): Record<string, unknown> {
  const last = (name: string) => said.calls.findLast((c) => c.name === name)?.arguments;
  const findings = said.calls.filter((c) => c.name === 'finding').map((c) => c.arguments);
  const plan = last('plan');
  const report = last('report');
  return {
    summary: last('finish')?.summary ?? said.text,
    ...(findings.length > 0 ? { findings } : {}),
    ...(plan ? { plan } : {}),
    ...(report ? { report } : {}),
  };
}
