import { stages } from '#server/domain/status.ts';
import type { PipelineEdge, PipelineView } from '#server/domain/views/pipeline.ts';
import type { Look } from '#server/domain/views/status.ts';
import { plain } from '../ui/plain.ts';
import { withoutProject } from '../ui/words.ts';
import { gutter, lane, nodeH, nodeW, type Placed, type Point, pathOf } from './layout.ts';

/** What a picture needs of the page's colours, resolved: it has to look the same outside of it. */
export const pictureTokens = [
  'bg',
  'card',
  'line',
  'edge',
  'muted',
  'text',
  'queued',
  'running',
  'yours',
  'done',
  'failed',
  'cancelled',
  'stale',
] as const;
export type Tokens = Record<(typeof pictureTokens)[number], string>;

const marks: Record<Look, string> = {
  queued: '○',
  running: '◐',
  yours: '◆',
  done: '✓',
  failed: '✕',
  cancelled: '⊘',
  stale: '◍',
  none: '–',
};
const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Text of others as XML text: no marks of direction, no control characters XML forbids. */
const xml = (text: string): string => plain(text).replace(/[&<>"']/g, (c) => escapes[c] ?? c);
const graphemes = new Intl.Segmenter();
/** Cut by the width of a usual letter: an SVG cannot measure itself. */
const shorten = (text: string, width: number, letter = 6.6): string => {
  const letters = Array.from(graphemes.segment(plain(text)), (g) => g.segment);
  const most = Math.max(1, Math.floor(width / letter));
  return letters.length <= most ? letters.join('') : `${letters.slice(0, most - 1).join('')}…`;
};
const head = 64;
const margin = 16;

function edgeSvg(e: PipelineEdge, points: Point[], label: Point, t: Tokens): string {
  const back = e.kind === 'reject';
  const dash = back ? ' stroke-dasharray="4 3"' : e.satisfied ? '' : ' stroke-dasharray="2 3"';
  const colour = back ? t.yours : t.edge;
  const end = points.at(-1);
  const before = points.at(-2);
  const angle = end && before ? (Math.atan2(end.y - before.y, end.x - before.x) * 180) / Math.PI : 0;
  const tip = end
    ? `<path d="M-6 -4 L-1 0 L-6 4" transform="translate(${end.x} ${end.y}) rotate(${angle})" fill="none" stroke="${colour}"/>`
    : '';
  const says =
    back && e.label
      ? `<rect x="${label.x - 34}" y="${label.y - 9}" width="68" height="18" rx="4" fill="${t.bg}" stroke="${t.yours}"/><text x="${label.x}" y="${label.y + 4}" text-anchor="middle" fill="${t.yours}" font-size="11">${xml(e.label)}</text>`
      : '';
  return `<path d="${pathOf(points)}" fill="none" stroke="${colour}"${dash}/>${tip}${says}`;
}

/**
 * The whole pipeline as an SVG file, whatever is on the screen now: from the layout, with the colours it is given.
 * @param says When it was drawn, and whether that moment was live.
 */
export function svgOf(view: PipelineView, placed: Placed, t: Tokens, says: string): string {
  const width = placed.width + margin * 2;
  const height = placed.height + head + margin;
  const lanes = stages
    .map((stage, i) => {
      const x = margin + (i === 0 ? 0 : gutter + i * lane);
      const line =
        i === 0 ? '' : `<line x1="${x}" y1="${head - 24}" x2="${x}" y2="${height}" stroke="${t.line}"/>`;
      return `${line}<text x="${margin + gutter + i * lane + 16}" y="${head - 10}" fill="${t.text}" font-size="12" font-weight="500">${stage}</text>`;
    })
    .join('');
  const edges = view.edges
    .map((e) => {
      const r = placed.edges.get(e.id);
      return r ? edgeSvg(e, r.points, r.label, t) : '';
    })
    .join('');
  const nodes = view.nodes
    .map((n) => {
      const p = placed.nodes.get(n.id);
      if (!p) return '';
      const look = n.planned ? 'queued' : n.status.look;
      const colour = look === 'none' ? t.muted : t[look];
      const loud = look === 'running' || look === 'yours' || look === 'stale';
      const number = n.taskId === null ? '' : `#${n.taskId}`;
      const titleX = number ? 10 + number.length * 7.4 + 6 : 10;
      const number_ = number
        ? `<text x="10" y="19" fill="${t.muted}" font-size="12" font-family="monospace">${number}</text>`
        : '';
      return (
        `<g transform="translate(${p.x} ${p.y})"><title>${xml(`${number} ${n.stage ?? 'Task'} ${n.title}: ${n.status.word}`)}</title>` +
        `<rect width="${nodeW}" height="${nodeH}" rx="6" fill="${n.planned ? 'none' : t.card}" stroke="${loud ? colour : t.line}"${n.planned ? ' stroke-dasharray="3 3"' : ''}/>` +
        `${number_}<text x="${titleX}" y="19" fill="${n.planned ? t.muted : t.text}" font-size="12">${xml(shorten(withoutProject(n.title, view.projectName), nodeW - titleX - 8))}</text>` +
        `<text x="10" y="37" fill="${colour}" font-size="12">${marks[look]} ${xml(shorten(n.status.word, nodeW - 34))}</text></g>`
      );
    })
    .join('');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">` +
    `<rect width="100%" height="100%" fill="${t.bg}"/>` +
    `<text x="${margin}" y="24" fill="${t.text}" font-size="15" font-weight="600">${xml(shorten(`#${view.id} ${view.title}`, width - 320, 8))}</text>` +
    `<text x="${width - margin}" y="24" text-anchor="end" fill="${t.muted}" font-size="12">${xml(says)}</text>` +
    `${lanes}<g transform="translate(${margin} ${head})">${edges}${nodes}</g></svg>`
  );
}
