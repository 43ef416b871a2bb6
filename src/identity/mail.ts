/** A message to one person. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
}

/** What a code is put into words with; the screens have the words. */
export type ComposeMail = (code: string) => Omit<Mail, 'to'>;

/** Takes mail to be sent later; `mail/` has one. */
export interface Outbox {
  /**
   * Returns at once, before anything is looked up: how long it takes says nothing about whether there is somebody to write to.
   *
   * @param write makes the mail; `undefined`: there is nobody to write to
   */
  post(write: () => Promise<Mail | undefined>): void;
}
