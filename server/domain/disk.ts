import { sizeText } from './host.ts';

/** How much disk a host has to have left. */

const GB = 1_000_000_000;
/** Below this nothing new starts: a worktree with its packages, its tests and its transcripts has to fit, or work is lost half-way. */
export const DISK_NEEDED = 2 * GB;
/** Below this people are told, while there is still time. */
export const DISK_LOW = 5 * GB;

/** What was told is over only when there is clearly more again: a disk goes up and down by what is written and thrown away. */
export const DISK_CLEARLY = 1.2;

/** Whether a host may begin anything more; one that has not said how much it has is believed to have enough. */
export const hasRoom = (free: number | null): boolean => free === null || free >= DISK_NEEDED;

/** "1.2 GB of disk left, and 2.0 GB are needed". */
export const roomText = (free: number): string =>
  `${sizeText(free)} of disk left, and ${sizeText(DISK_NEEDED)} are needed`;
