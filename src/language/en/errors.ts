/** What people read where something cannot go on. */
export const errors = {
  'error.title': 'Something is not right',
  'error.advice': 'What you can do',
  'error.quote': 'If you ask for help, quote this reference',
  'error.again': 'Try again',
  'error.developer': 'For the app’s developer',
  'error.code': 'Error',
  'error.description': 'Description',

  'error.ours.heading': 'This is not working right now',
  'error.ours.message': 'Something went wrong on our side.',
  'error.ours.advice': 'Nothing was shared. Wait a moment, then go back to the app and try again.',
  'error.missing.heading': 'There is no such page',
  'error.missing.message': 'The address may be old or mistyped.',
  'error.foreign.heading': 'This is not allowed',
  'error.foreign.message': 'The form did not come from our own page.',
  'error.busy.heading': 'Too many requests',
  'error.busy.message': 'Too many requests came from your network in a short time.',
  'error.busy.advice': 'Nothing was shared. Wait a minute, then go back to the app and try again.',
  'error.app.heading': 'The app sent something we cannot accept',
  'error.app.message':
    'Nothing was shared. This is most often a mistake in the app, or a page that was open for too long.',
  'error.app.advice': 'Go back to the app and start again from there.',

  'problem.expired.heading': 'This page has expired',
  'problem.expired.message': 'It was open for too long, was finished already, or belongs to another browser.',
  'problem.expired.advice': 'Go back to the app and start again from there.',
  'problem.client-gone.heading': 'This app cannot be used right now',
  'problem.client-gone.message': 'The app or the record system it asks for is no longer known here.',
  'problem.client-gone.advice': 'Ask the maker of the app, or try again later.',
  'problem.launch-gone.heading': 'This launch has ended',
  'problem.launch-gone.message':
    'An app that is opened from a health record system must be used within five minutes, and once.',
  'problem.launch-gone.advice': 'Open the app again from the health record system.',
  'problem.fhir-away.heading': 'Patient search is not working right now',
  'problem.fhir-away.message': 'The health record system did not answer.',
  'problem.fhir-away.advice': 'Nothing is lost. Wait a moment, then try again.',

  'problem.no-cookies.heading': 'This does not work inside another page',
  'problem.no-cookies.message':
    'Your browser keeps no cookies for pages that are shown inside others, so we cannot tell that it is you.',
  'problem.no-cookies.advice': 'Open the app in a window or tab of its own.',
  'problem.not-recorded.heading': 'Your choice could not be recorded',
  'problem.not-recorded.message':
    'We keep a record of everything people allow. It could not be written right now, so nothing was shared.',
  'problem.not-recorded.advice':
    'Nothing is lost. Wait a moment, then start again from here and choose once more.',

  'problem.sign-in.away': '{provider} does not answer now. Nothing is lost: wait a moment and try again.',
  'problem.sign-in.denied':
    '{provider} did not sign you in, because it was stopped there. You can try again.',
  'problem.sign-in.failed': '{provider} could not sign you in. You can try again.',
  'problem.sign-in.not-trusted':
    'The answer from {provider} was not as it should be, so you are not signed in. Try again, or ask the organisation.',
  'problem.sign-in.not-fresh':
    'The app wants you to sign in anew, and {provider} did not ask you to. Sign out there and try again.',
  'problem.sign-in.unknown-account':
    '{provider} knows you, but you have no account here. Ask the organisation to add one.',
  'problem.sign-in.ended-there': 'You have signed out at {provider}. Sign in again to go on.',
  'problem.sign-in.disabled': 'Your account here is switched off. Ask the organisation.',
  'problem.sign-in.no-role': '{provider} does not say what you may do here. Ask the organisation.',
  'problem.sign-in.no-fhir-user':
    '{provider} does not say which health record is yours. Ask the organisation to add it to your account.',
  'problem.sign-in.person-not-found':
    'We cannot tell who you are in the health record system from what {provider} says. Ask the organisation.',
  'problem.sign-in.fhir-away':
    'The health record system does not answer now. Nothing is lost: wait a moment and try again.',
  'problem.sign-in.username':
    'No account could be made for you: {provider} gives no user name that is free here. Ask the organisation.',
  'problem.sign-in-lost.heading': 'This sign-in cannot go on',
  'problem.sign-in-lost.message': 'It took too long, has ended already, or began in another browser.',
  'problem.sign-in-lost.advice': 'Go back to the app, or to the page you came from, and start again there.',

  'refusal.other-account.heading': 'The app asked for another account',
  'refusal.other-account.message':
    'It wants to go on with the account you used before, and not with this one.',
  'refusal.other-account.advice': 'Sign in with that account, or go back to the app and start again.',
  'refusal.other-user.heading': 'This app was opened for somebody else',
  'refusal.other-user.message':
    'It was opened for another user of the health record system than the one signed in here.',
  'refusal.other-user.advice': 'Sign in as that user, or open the app again from your own session.',
  'refusal.other-patient.heading': 'You cannot open this record here',
  'refusal.other-patient.message': 'The app was opened for a patient whose record is not yours.',
  'refusal.other-patient.advice': 'Open the app from your own record, or sign in with the right account.',
  'refusal.unknown-patient.heading': 'This record cannot be found',
  'refusal.unknown-patient.message': 'The record system that the app asks for does not know this patient.',
  'refusal.unknown-patient.advice':
    'Check which patient is open, and open the app again; or ask the organisation.',
  'refusal.acts-for-nobody.heading': 'There is no record you may share',
  'refusal.acts-for-nobody.message': 'The health record does not say that you may act for a patient now.',
  'refusal.acts-for-nobody.advice': 'If it should, ask the staff of your clinic to look at it.',
  'refusal.no-emergency.heading': 'This cannot be opened in an emergency here',
  'refusal.no-emergency.message':
    'Only clinicians can, for one patient at a time, in an app that is meant for it.',
  'refusal.no-emergency.advice': 'Go back to the app and open the record as usual.',
  'refusal.nothing-to-offer.heading': 'There is nothing you can share with this app',
  'refusal.nothing-to-offer.message': 'The app asks for data that your account cannot share.',
  'refusal.nothing-to-offer.advice': 'Go back to the app, or sign in with another account.',
} as const;
