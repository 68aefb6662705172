/** What a server or a person said, ended so that another sentence can follow it. */
export const sentence = (text: string): string => (text === '' || /[.!?…]$/.test(text) ? text : `${text}.`);
