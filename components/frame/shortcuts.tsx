'use client';
import { Dialog } from 'radix-ui';
import { rooms } from './rooms.ts';

/** What the keys do, by the place where they do it. */
const groups: { title: string; keys: [string, string][] }[] = [
  {
    title: 'Everywhere',
    keys: [
      ['c', 'New task'],
      ['/', 'Search and commands'],
      ['⌘ k', 'Search and commands, everywhere'],
      ['?', 'This help'],
      ['esc', 'Close what is open'],
    ],
  },
  { title: 'Go to', keys: rooms.map((r) => [r.key, r.name]) },
  {
    title: 'Human queue',
    keys: [
      ['j', 'Next question'],
      ['k', 'Question before'],
      ['x', 'Pick it, to answer several together'],
      ['a', 'Approve'],
      ['s', 'Send back, or answer'],
      ['r', 'Reject'],
      ['u', 'Undo the last answer'],
      ['space', 'Pick the row up; arrows carry it, space drops it'],
      ['esc', 'Unpick all; put down what is carried'],
      ['1', 'Question; 2 to 4 its changes, transcript, evidence'],
    ],
  },
  {
    title: 'Pipeline',
    keys: [
      ['j', 'Next node'],
      ['k', 'Node before'],
      ['enter', 'Open its task'],
      ['/', 'Find a node'],
      ['x', 'Fold or unfold its chain'],
      [', .', 'One event back, one on'],
      ['p', 'Critical path'],
      ['v', 'List or graph'],
      ['f', 'Follow what runs'],
      ['0', 'Fit the picture'],
      ['esc', 'Close the node, or back to now'],
    ],
  },
  {
    title: 'Task',
    keys: [
      ['1', 'Changes; 2 to 4 evidence, prompt, cost'],
      ['e', 'Edit'],
      ['o', 'Unfold the tool calls'],
      ['f', 'Follow the transcript'],
      ['j', 'Next file'],
      ['k', 'File before'],
      ['u', 'Side by side'],
      ['w', 'Wide'],
    ],
  },
  { title: 'Decisions', keys: [['f', 'Search the decisions']] },
];

/** The keys, on `?`. */
export function Shortcuts({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content className="shortcuts float" aria-describedby={undefined}>
          <header>
            <Dialog.Title>Keys</Dialog.Title>
            <Dialog.Close className="btn small quiet">Close</Dialog.Close>
          </header>
          <div className="shortcut-groups">
            {groups.map((g) => (
              <section key={g.title}>
                <h3>{g.title}</h3>
                <dl>
                  {g.keys.map(([key, does]) => (
                    <div key={key}>
                      <dt>
                        {key.split(' ').map((k) => (
                          <kbd key={k}>{k}</kbd>
                        ))}
                      </dt>
                      <dd>{does}</dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
