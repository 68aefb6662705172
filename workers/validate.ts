import { type Validation, validateFolder } from '#server/catalogue/validate.ts';

/** Checks a folder of companies without a server, a database or a running factory: what `alai validate` prints. */
export function validateCompanies(folder: string): Validation {
  return validateFolder(folder);
}
