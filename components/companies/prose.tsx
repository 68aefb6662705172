import Markdown from 'react-markdown';
import gfm from 'remark-gfm';
import { plain } from '../ui/plain.ts';

/** Where a piece comes from, so that one knows what to edit. */
export function From({ file, children }: { file: string; children?: string }) {
  return (
    <p className="from">
      <code>{plain(file)}</code>
      {children ? <span className="m">{children}</span> : null}
    </p>
  );
}

/** Markdown of a company's file. HTML in it stays text, pictures are not loaded, links open elsewhere. */
export function Prose({ text }: { text: string }) {
  return (
    <div className="prose">
      <Markdown
        remarkPlugins={[gfm]}
        components={{
          h1: ({ children }) => <h3 className="lead">{children}</h3>,
          h2: ({ children }) => <h3>{children}</h3>,
          h3: ({ children }) => <h4>{children}</h4>,
          // A list of checks is for the agent; here there is nothing to tick.
          input: ({ checked }) => <span className="check">{checked ? '☑' : '☐'}</span>,
          img: ({ alt }) => <span className="m">[{alt || 'picture'}]</span>,
          a: ({ href, children }) => (
            <a href={href} rel="noreferrer noopener" target="_blank">
              {children}
            </a>
          ),
        }}
      >
        {plain(text)}
      </Markdown>
    </div>
  );
}
