'use client';
import { DropdownMenu } from 'radix-ui';
import { toast } from 'sonner';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import { useCommands } from '../frame/commands.ts';
import { Button } from '../ui/button.tsx';
import type { Fold } from './collapse.ts';
import { Find } from './find.tsx';
import type { Placed } from './layout.ts';
import { savePicture } from './save-picture.ts';

const rules: { rule: Fold['rule']; words: string }[] = [
  { rule: 'none', words: 'Every stage' },
  { rule: 'done', words: 'Fold finished' },
  { rule: 'all', words: 'Fold all chains' },
];

interface ToolsProps {
  view: PipelineView;
  whole: PipelineView;
  placed: Placed | null;
  /** "14:02, live": what a saved picture says of its moment. */
  says: string;
  fold: Fold;
  onFold: (f: Fold) => void;
  find: number;
  onJump: (id: string) => void;
  toggles: { name: string; hint: string; on: boolean; act: () => void }[];
  onFit: () => void;
}

/** What changes how the pipeline is looked at; none of it changes the pipeline. */
export function Tools({ view, whole, placed, says, fold, onFold, find, onJump, toggles, onFit }: ToolsProps) {
  const save = (kind: 'svg' | 'png') => () => {
    if (!placed) return;
    savePicture(kind, view, placed, says).catch(() =>
      toast.error('The picture could not be drawn.', { description: 'Save it as SVG instead.' }),
    );
  };
  const looks = [
    ...toggles.map((t) => ({ name: `${t.name}${t.on ? ', on' : ''}`, key: t.hint, act: t.act })),
    { name: 'Fit the picture', key: '0', act: onFit },
    ...rules
      .filter((r) => r.rule !== fold.rule)
      .map((r) => ({ name: r.words, act: () => onFold({ rule: r.rule, flipped: new Set() }) })),
    { name: 'Save the picture as SVG', act: save('svg') },
    { name: 'Save the picture as PNG', act: save('png') },
  ];
  useCommands(looks.map((c) => ({ ...c, view: true })));
  return (
    <div className="dag-tools" role="toolbar" aria-label="View">
      <Find nodes={whole.nodes} asked={find} onJump={onJump} />
      <select
        className="field small"
        aria-label="Chains"
        value={fold.rule}
        onChange={(e) =>
          onFold({ rule: rules.find((r) => r.rule === e.target.value)?.rule ?? 'none', flipped: new Set() })
        }
      >
        {rules.map((r) => (
          <option key={r.rule} value={r.rule}>
            {r.words}
          </option>
        ))}
      </select>
      {toggles.map((t) => (
        <Button
          key={t.name}
          small
          hint={t.hint}
          aria-pressed={t.on}
          className={t.on ? 'held' : ''}
          onClick={t.act}
        >
          {t.name}
        </Button>
      ))}
      <span className="end" />
      <Button small hint="0" onClick={onFit}>
        Fit
      </Button>
      <DropdownMenu.Root>
        <DropdownMenu.Trigger asChild>
          <Button small disabled={!placed}>
            Picture
          </Button>
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content className="menu float" align="end" sideOffset={4}>
            <DropdownMenu.Item className="menu-item" onSelect={save('svg')}>
              Save as SVG
            </DropdownMenu.Item>
            <DropdownMenu.Item className="menu-item" onSelect={save('png')}>
              Save as PNG
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
    </div>
  );
}
