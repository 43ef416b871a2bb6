/**
 * What people read, in their language. Owns the messages (ICU, one file of keys for each language) and which language is
 * chosen; knows neither pages nor HTTP. Called by everything that says something to a person; programs and operators are
 * spoken to in English, in place.
 */
export { LANGUAGES, builtIn, checkMessages, filesOf } from './files.ts';
export { createLanguage, type Language, type Mark } from './language.ts';
export { createLanguages, type Languages, type Wishes } from './languages.ts';
export type { MessageFile, MessageKey, PageName, Values } from './messages.ts';
export { languageOf, speak } from './spoken.ts';
