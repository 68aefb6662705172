const badges = {
  harness: ['harness', 'Harness ran', 'The factory ran this itself and kept the output'],
  ci: ['ci', 'CI ran', 'A signed result from the project’s own CI'],
  agent: ['agent', 'Agent says', 'A claim of the agent; nobody checked it'],
} as const;
export type EvidenceSource = keyof typeof badges;

/** Who observed it, graded by weight of line. */
export function EvidenceBadge({ source }: { source: EvidenceSource }) {
  const [look, word, meaning] = badges[source];
  return (
    <span className={`ev ${look}`} title={meaning}>
      {word}
    </span>
  );
}
