import type { ButtonHTMLAttributes, ReactNode } from 'react';

/** A key that does the same as what it stands on; seen, not heard. */
export function Key({ children }: { children: ReactNode }) {
  return (
    <span className="kbd" aria-hidden="true">
      {children}
    </span>
  );
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: 'plain' | 'primary' | 'quiet' | 'danger';
  small?: boolean;
  /** The key that does the same. */
  hint?: ReactNode;
}

export function Button({ kind = 'plain', small, hint, className = '', children, ...rest }: ButtonProps) {
  const looks = `${kind === 'plain' ? '' : kind} ${small ? 'small' : ''} ${className}`;
  return (
    <button type="button" className={`btn ${looks}`} {...rest}>
      {children}
      {hint ? <Key>{hint}</Key> : null}
    </button>
  );
}

export function Tag({ children, title }: { children: ReactNode; title?: string }) {
  return (
    <span className="tag" title={title}>
      {children}
    </span>
  );
}
