'use client';
import { Dialog } from 'radix-ui';
import type { FormEvent, ReactNode, RefObject } from 'react';
import { Button } from './button.tsx';

interface AskDialogProps {
  title: ReactNode;
  /** What a yes does. */
  says?: ReactNode;
  /** What the button says that leaves everything as it is. */
  leave: string;
  yes: ReactNode;
  danger?: boolean;
  /** Whether a yes can be given now. */
  ready?: boolean;
  open?: boolean;
  className?: string;
  /** What gets the focus, where that is not the first field. */
  focus?: RefObject<HTMLElement | null>;
  /** Another way out, before the two. */
  other?: ReactNode;
  /** What it asks for. */
  children?: ReactNode;
  onClose: () => void;
  onYes: () => void;
}

/** One question over the page: what a yes does, what it needs to know, and the way back. */
export function AskDialog(p: AskDialogProps) {
  const { ready = true, open = true, className = '', focus } = p;
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (ready) p.onYes();
  };
  const first = (e: Event) => {
    if (!focus) return;
    e.preventDefault();
    focus.current?.focus();
  };
  return (
    <Dialog.Root open={open} onOpenChange={(now) => (now ? null : p.onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content
          className={`dialog float ${className}`}
          onOpenAutoFocus={first}
          {...(p.says === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <form onSubmit={submit} className="flex flex-col gap-3 p-4">
            <Dialog.Title>{p.title}</Dialog.Title>
            {p.says === undefined ? null : (
              <Dialog.Description className="text-muted">{p.says}</Dialog.Description>
            )}
            {p.children}
            <div className="flex flex-wrap justify-end gap-2">
              {p.other}
              <Button hint="Esc" onClick={p.onClose}>
                {p.leave}
              </Button>
              <Button type="submit" kind={p.danger ? 'danger' : 'primary'} disabled={!ready}>
                {p.yes}
              </Button>
            </div>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface ReasonFieldProps {
  reason: string;
  optional?: boolean;
  onReason: (reason: string) => void;
}

/** Why, in one line that the history keeps. */
export function ReasonField({ reason, optional, onReason }: ReasonFieldProps) {
  return (
    <input
      className="field"
      aria-label="Reason"
      placeholder={`Why, for the history${optional ? ' (optional)' : ''}`}
      value={reason}
      maxLength={2_000}
      onChange={(e) => onReason(e.target.value)}
    />
  );
}
