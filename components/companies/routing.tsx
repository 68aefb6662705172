import type { CompanyDetail } from '#server/domain/views/company.ts';
import { From } from './prose.tsx';

const languages = { en: 'English', bs: 'Bosnian', no: 'Norwegian' } as const;

/** The words that speak for it, and how loud. */
export function Routing({ detail, folder }: { detail: CompanyDetail; folder: string }) {
  return (
    <>
      <From file={`${folder}/company.json`}>
        routing.keywords: a word of a task, and how much it speaks for this company
      </From>
      {detail.keywords.map(({ language, words }) => (
        <section key={language}>
          <h3>{languages[language]}</h3>
          {words.length ? (
            <ul className="words">
              {words.map((w) => (
                <li key={w.word}>
                  {w.word} <span className="n m">{w.weight}</span>
                </li>
              ))}
            </ul>
          ) : (
            <p className="m">No words yet.</p>
          )}
        </section>
      ))}
    </>
  );
}
