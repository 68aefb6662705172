'use client';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import type { PipelineNode } from '#server/domain/views/pipeline.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { companyName } from '../ui/words.ts';

const most = 8;

/** Nodes whose number, title, stage, state or company holds every word of the text; numbers first. */
export function findNodes(nodes: readonly PipelineNode[], text: string): PipelineNode[] {
  const words = text.toLowerCase().replace(/#/g, '').split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const found = nodes.filter((n) => {
    const about =
      `${n.taskId ?? ''} ${n.title} ${n.stage ?? ''} ${n.status.word} ${companyName(n.company) ?? ''}`.toLowerCase();
    return words.every((w) => about.includes(w));
  });
  const exact = (n: PipelineNode) => (String(n.taskId) === words[0] ? 0 : 1);
  return found.sort((a, b) => exact(a) - exact(b)).slice(0, most);
}

interface FindProps {
  nodes: readonly PipelineNode[];
  /** Grows by one when the field is asked for. */
  asked: number;
  onJump: (id: string) => void;
}

/** A field that finds nodes of this pipeline and jumps to them. */
export function Find({ nodes, asked, onJump }: FindProps) {
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const found = useMemo(() => findNodes(nodes, text), [nodes, text]);
  useEffect(() => {
    if (asked > 0) input.current?.focus();
  }, [asked]);
  const jump = (n: PipelineNode | undefined) => {
    if (!n) return;
    onJump(n.id);
    setOpen(false);
    input.current?.blur();
  };
  const shown = open && text.trim() !== '';
  return (
    <div className="find">
      <input
        ref={input}
        className="field small"
        type="search"
        role="combobox"
        aria-label="Find in this pipeline"
        aria-expanded={shown}
        aria-controls={list}
        aria-activedescendant={shown && found[active] ? `${list}-${active}` : undefined}
        placeholder="Find  /"
        value={text}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onChange={(e) => {
          setText(e.target.value);
          setActive(0);
          setOpen(true);
        }}
        onKeyDown={(e) => {
          if (e.key === 'ArrowDown') setActive((i) => Math.min(i + 1, found.length - 1));
          else if (e.key === 'ArrowUp') setActive((i) => Math.max(i - 1, 0));
          else if (e.key === 'Enter') jump(found[active]);
          else if (e.key === 'Escape') {
            setOpen(false);
            input.current?.blur();
          } else return;
          e.preventDefault();
          e.stopPropagation();
        }}
      />
      <div id={list} role="listbox" aria-label="Found" className="float" hidden={!shown}>
        {found.map((n, i) => (
          <button
            type="button"
            tabIndex={-1}
            key={n.id}
            id={`${list}-${i}`}
            role="option"
            aria-selected={i === active}
            onMouseDown={(e) => e.preventDefault()}
            onClick={() => jump(n)}
          >
            <span className={`flex ${n.status.look}`}>
              <Mark shape={n.status.look} />
            </span>
            {n.taskId === null ? null : <span className="n m">#{n.taskId}</span>}
            <span className="cut grow">{plain(n.title)}</span>
            <span className="m">{n.stage ?? ''}</span>
          </button>
        ))}
        {found.length === 0 ? <p className="m">Nothing here has that in its name.</p> : null}
      </div>
    </div>
  );
}
