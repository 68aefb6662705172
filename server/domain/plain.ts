const ansi = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-_])/g;
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Text of agents, repositories and commands as it may be shown: terminal colours are taken out, and characters that
 * hide or turn text around are made visible, so that what is read is what is there.
 */
export function plain(text: string): string {
  return text
    .replace(ansi, '')
    .replace(/\r\n/g, '\n')
    .replace(unseen, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
