/** Where people see what they allowed, and take it back. */
export const myApps = {
  'my-apps.title': 'Apps that can use health records',
  'my-apps.none':
    'No app can use health records through your account now. When you allow one, it is listed here.',
  'my-apps.lead':
    'You allowed these apps. When you stop one, it can read nothing more from here. What it has read before stays with it.',
  'my-apps.from': 'From',
  'my-apps.allowed-on': 'Allowed on',
  'my-apps.ends': 'Ends',
  'my-apps.last-used': 'Last used',
  'my-apps.can-write': 'It can make changes to records.',
  'my-apps.always': 'It has access also when you are not using it.',
  'my-apps.may': 'What it may see',
  'my-apps.may-nothing': 'No health data. It only knows who you are.',
  'my-apps.used': 'What it used lately',
  'my-apps.change': 'Change<hidden> what <bdi>{app}</bdi> may do</hidden>',
  'my-apps.stop': 'Stop access<hidden> of <bdi>{app}</bdi></hidden>',
  'my-apps.stop-for': 'Stop access<hidden> of <bdi>{app}</bdi>: <bdi>{patient}</bdi></hidden>',
  'my-apps.stop-all': 'Stop all access',
  'my-apps.signed-in': 'Signed in as <bdi>{user}</bdi>.',
  'my-apps.stopped': 'Done. That access has ended.',
  'my-apps.changed': 'Saved. The app can use only what you left ticked.',
  'my-apps.expired':
    'This page was open for too long. Nothing was changed: look again, and choose once more.',
  'my-apps.gone': 'That access has ended already.',
  'my-apps.nameless': 'One patient, whose name cannot be shown right now',
  'my-apps.no-server': 'A health record system that is no longer used here',
  'my-apps.until-both': '{end}, and on {idle} if the app does not come back',
  'my-apps.until-idle': '{idle}, or later: each time the app comes back, it gets more time',
  'my-apps.until-sign-out': 'When you sign out, and on {date} at the latest',
  'my-apps.use-unknown': 'Not known.',
  'my-apps.came-back': 'Not known. The app last came back on {date}.',
  'my-apps.was-changed': '{kind} (changed on {date})',
  'my-apps.was-read': '{kind} (read on {date})',
  'my-apps.more': 'and {count} more',

  'my-history.title': 'What you decided',

  'my-app.title': 'What an app may do',
  'my-app.heading': 'What <bdi>{app}</bdi> may do',
  'my-app.lead': 'With records from <bdi>{server}</bdi>. Untick what it may no longer do.',
  'my-app.lead-patient':
    'With the records of <b><bdi>{patient}</bdi></b>, from <bdi>{server}</bdi>. Untick what it may no longer do.',
  'my-app.save': 'Save',
  'my-app.stop': 'Stop all access of this app',
  'my-app.back': 'Back to all apps',
  'my-app.nothing-left': 'Tick at least one kind of data, or stop all access of this app.',
} as const;
