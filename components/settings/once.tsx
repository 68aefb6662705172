'use client';
import { useState } from 'react';
import { Button } from '../ui/button.tsx';

/** A secret that is shown once: it says so, and copies. */
export function Once({ says, text, onClose }: { says: string; text: string; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="once" role="status">
      <p>{says}</p>
      <div className="once-row">
        <input
          className="field n"
          readOnly
          value={text}
          aria-label="Shown once"
          onFocus={(e) => e.currentTarget.select()}
        />
        <Button
          kind="primary"
          onClick={() => {
            // Without a secure context there is no clipboard; the text is selected by focus then.
            void navigator.clipboard?.writeText(text).then(() => setCopied(true));
          }}
        >
          {copied ? 'Copied' : 'Copy'}
        </Button>
        <Button onClick={onClose}>Done</Button>
      </div>
    </div>
  );
}
