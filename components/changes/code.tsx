import { plain } from '../ui/plain.ts';
import type { DiffLine } from './diff.ts';
import type { Piece } from './highlight.ts';

/** The colours of code are few; what highlight.js tells apart beyond them reads as plain text. */
const colours: Record<string, string> = {
  keyword: 'keyword',
  literal: 'keyword',
  'selector-tag': 'keyword',
  selector: 'keyword',
  meta: 'comment',
  comment: 'comment',
  quote: 'comment',
  string: 'string',
  regexp: 'string',
  link: 'string',
  code: 'string',
  number: 'number',
  symbol: 'number',
  bullet: 'number',
  title: 'name',
  section: 'name',
  name: 'name',
  type: 'type',
  built_in: 'type',
  class: 'type',
  attr: 'attr',
  attribute: 'attr',
  property: 'attr',
  variable: 'attr',
  template: 'attr',
};

/** One line of code, coloured where its language is known. */
export function Code({ line, pieces }: { line: DiffLine; pieces: Piece[] | undefined }) {
  if (!pieces) return plain(line.text);
  return pieces.map((p, i) => {
    const colour = p.look ? colours[p.look] : undefined;
    return colour ? (
      <em key={String(i)} className={`code-${colour}`}>
        {plain(p.text)}
      </em>
    ) : (
      plain(p.text)
    );
  });
}
