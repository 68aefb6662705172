/** Euro, as every page, question and terminal says it. What is less than a cent is not nothing, and says so. */
export function money(euro: number): string {
  if (euro > 0 && euro < 0.01) return '<€0.01';
  return `€${euro.toFixed(2)}`;
}
