import type { ReactNode, Ref } from 'react';

interface ScrollProps {
  /** What is scrolled, for those who hear the page. */
  label: string;
  className?: string;
  /** `log` where lines are added while one listens. */
  role?: 'region' | 'log';
  ref?: Ref<HTMLDivElement>;
  children: ReactNode;
}

/** A box with its own scroll bar; it takes the focus, because without a mouse it could not be scrolled otherwise. */
export function Scroll({ label, className, role = 'region', ref, children }: ScrollProps) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles take a label
    <div ref={ref} className={className} role={role} aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
