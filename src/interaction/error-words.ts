export interface ErrorWords {
  readonly heading: string;
  readonly message: string;
  readonly advice?: string;
}

/** What a person reads about an error, by its HTTP status. */
export function errorWords(status: number): ErrorWords {
  if (status >= 500) {
    return {
      heading: 'This is not working right now',
      message: 'Something went wrong on our side.',
      advice: 'Nothing was shared. Wait a moment, then go back to the app and try again.',
    };
  }
  if (status === 404)
    return { heading: 'There is no such page', message: 'The address may be old or mistyped.' };
  if (status === 403)
    return { heading: 'This is not allowed', message: 'The form did not come from our own page.' };
  if (status === 429) {
    return {
      heading: 'Too many requests',
      message: 'Too many requests came from your network in a short time.',
      advice: 'Nothing was shared. Wait a minute, then go back to the app and try again.',
    };
  }
  return {
    heading: 'The app sent something we cannot accept',
    message:
      'Nothing was shared. This is most often a mistake in the app, or a page that was open for too long.',
    advice: 'Go back to the app and start again from there.',
  };
}
