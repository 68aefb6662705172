import type { WaitingCall } from '#server/domain/memory.ts';

/** Thrown through the loop when only a human can say how it goes on: the attempt ends as waiting and holds nothing. */
export class Asked extends Error {
  readonly kind: WaitingCall['kind'];
  readonly question: string;
  constructor(kind: WaitingCall['kind'], question: string) {
    super(question);
    this.name = 'Asked';
    this.kind = kind;
    this.question = question;
  }
}
