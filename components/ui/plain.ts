export { plain } from '#server/domain/plain.ts';
