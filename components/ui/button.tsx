import type { ButtonHTMLAttributes, ReactNode } from 'react';

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
      {hint ? <kbd aria-hidden="true">{hint}</kbd> : null}
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
