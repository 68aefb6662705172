import { describe, expect, it } from 'vitest';
import { pipeline } from '../fixtures/pipeline.ts';
import { assignRows, place } from './layout.ts';
import { pictureTokens, svgOf, type Tokens } from './picture.ts';

const tokens = Object.fromEntries(pictureTokens.map((t, i) => [t, `rgb(${i}, 0, 0)`])) as Tokens;
const draw = (view = pipeline) =>
  svgOf(view, place(view, assignRows(view.nodes, new Map())), tokens, '14:02, live');

describe('the picture of a pipeline as a file', () => {
  it('holds every node and every edge, on screen or not', () => {
    const svg = draw();
    expect(svg.match(/<g transform/g)).toHaveLength(pipeline.nodes.length + 1);
    for (const id of pipeline.nodes.flatMap((n) => n.taskId ?? [])) expect(svg).toContain(`#${id}<`);
    expect(svg).toContain('14:02, live');
  });

  it('needs nothing of the page: no variable, no style sheet, no script', () => {
    expect(draw()).not.toMatch(/var\(|class=|<script|href=/);
  });

  it('writes the text of others as text', () => {
    const evil = {
      ...pipeline,
      title: '</text><script>alert(1)</script>',
      nodes: pipeline.nodes.map((n) => ({ ...n, title: '"><img src=x>\u202Eevil\u0000' })),
    };
    const svg = draw(evil);
    expect(svg).not.toMatch(/<script|<img|\u202E|\u0000/);
  });

  it('cuts between letters, not through them', () => {
    const long = { ...pipeline, nodes: pipeline.nodes.map((n) => ({ ...n, title: '👩‍🚀'.repeat(80) })) };
    expect(() => encodeURIComponent(draw(long))).not.toThrow();
  });
});
