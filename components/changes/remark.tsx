'use client';
import { useState } from 'react';
import { Button } from '../ui/button.tsx';
import { plain } from '../ui/plain.ts';
import type { Remark } from './use-remarks.ts';

interface EditorProps {
  label: string;
  first: string;
  onSave: (text: string) => void;
  onClose: () => void;
}

/** Where a remark is written: under its line. */
export function RemarkEditor({ label, first, onSave, onClose }: EditorProps) {
  const [text, setText] = useState(first);
  const save = () => (text.trim() ? onSave(text.trim()) : onClose());
  return (
    <div className="remark">
      <textarea
        className="field"
        aria-label={label}
        placeholder="What should be different here"
        rows={3}
        maxLength={4_000}
        value={text}
        // It was asked for with a click on the line.
        ref={(box) => box?.focus()}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === 'Escape') onClose();
          if (e.key === 'Enter' && (e.metaKey || e.ctrlKey)) save();
        }}
      />
      <div className="mt-2 flex gap-2">
        <Button small kind="primary" onClick={save} disabled={!text.trim()}>
          Keep comment
        </Button>
        <Button small onClick={onClose}>
          Discard
        </Button>
      </div>
    </div>
  );
}

/** A remark as it stands under its line until it is sent. */
export function RemarkNote({
  remark,
  onEdit,
  onDrop,
}: {
  remark: Remark;
  onEdit: () => void;
  onDrop: () => void;
}) {
  return (
    <div className="remark">
      <p className="say-text">{plain(remark.text)}</p>
      <p className="m mt-1 flex items-center gap-2">
        Not sent yet
        <Button small kind="quiet" onClick={onEdit}>
          Edit
        </Button>
        <Button small kind="quiet" onClick={onDrop}>
          Delete
        </Button>
      </p>
    </div>
  );
}
