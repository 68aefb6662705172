import { DISK_NEEDED } from '#server/domain/disk.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { sizeText } from '#server/domain/host.ts';

/** Throws BAD_INPUT when what is pulled turns out to be larger than the memory of the host. */
export function requireFits(host: string, model: string, total: number, memoryGb: number | null): void {
  if (memoryGb === null || total <= memoryGb * 1e9) return;
  throw new AlaiError(
    'BAD_INPUT',
    `${model} has ${sizeText(total)}, and ${host.toUpperCase()} has ${memoryGb} GB of memory: it could never be loaded.`,
    'Choose a smaller model or another host.',
  );
}

/**
 * A download that would fill the disk its host works on ends while there is still room: half a model is of no use, and a full disk
 * loses the work that runs beside it. Sizes in bytes; `free` is null when nobody can say.
 */
export function requireRoom(host: string, model: string, missing: number, free: number | null): void {
  // What is all there is only looked through: ending it would make no room.
  if (free === null || missing <= Math.max(0, free - DISK_NEEDED)) return;
  throw new AlaiError(
    'BAD_INPUT',
    `${model} needs ${sizeText(missing)} more, and ${host.toUpperCase()} has ${sizeText(free)} of disk left, of which ${sizeText(DISK_NEEDED)} are kept for its work.`,
    'Remove models nobody uses (npx alai models status), or make room otherwise, and pull it again: what was loaded is kept.',
  );
}
