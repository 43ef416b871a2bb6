import type { en } from './en/index.ts';

/** What can be said. English has all of it; other languages say the same. */
export type MessageKey = keyof typeof en.messages;
/** Every page has a title, and what has one is a page. */
export type PageName = MessageKey extends infer Key
  ? Key extends `${infer Page}.title`
    ? Page
    : never
  : never;
export type Messages = Readonly<Record<MessageKey, string>>;
/** The same messages in another language: a missing one does not compile. */
export type Translated<English> = { readonly [Key in keyof English]: string };

/** What a message is filled with. */
export type Values = Readonly<Record<string, string | number>>;

/** A file of messages. */
export interface MessageFile {
  /** BCP 47, as in `lang`. */
  readonly tag: string;
  /** How dates and lists are written, such as `en-GB`. */
  readonly locale: string;
  /** What the language calls itself. */
  readonly name: string;
  readonly messages: Messages;
}
